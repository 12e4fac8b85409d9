using Xunit;

namespace Orleans.Clustering.KubeDns.Tests;

/// <summary>
/// Tests that measure the memory of the process or listen to its exceptions: they run one at a time, after all others.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";

    /// <summary>What is alive, after everything that can go has gone.</summary>
    public static long LiveBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}

/// <summary>Exceptions that nobody caught while this was there.</summary>
internal sealed class Escapes : IDisposable
{
    private readonly List<Exception> _all = [];

    public Escapes()
    {
        // What earlier tests left behind is none of ours.
        Alone.LiveBytes();
        TaskScheduler.UnobservedTaskException += OnTask;
        AppDomain.CurrentDomain.UnhandledException += OnThread;
    }

    public void AssertNone()
    {
        Alone.LiveBytes();
        lock (_all) Assert.Empty(_all);
    }

    public void Dispose()
    {
        TaskScheduler.UnobservedTaskException -= OnTask;
        AppDomain.CurrentDomain.UnhandledException -= OnThread;
    }

    private void OnTask(object? sender, UnobservedTaskExceptionEventArgs args)
    {
        if (!args.Exception.InnerExceptions.All(IsOfAnEndedSilo)) Add(args.Exception);
    }

    // Orleans' own streams of updates end so, long after the silo of an earlier test; none is in the tests here.
    private static bool IsOfAnEndedSilo(Exception error) =>
        error is ObjectDisposedException { ObjectName: "This instance has been disposed", StackTrace: null };

    private void OnThread(object? sender, UnhandledExceptionEventArgs args) => Add((Exception)args.ExceptionObject);

    private void Add(Exception error)
    {
        lock (_all) _all.Add(error);
    }
}
