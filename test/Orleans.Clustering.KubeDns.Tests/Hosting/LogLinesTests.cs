using System.Runtime.CompilerServices;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>What waits for a line of a log, and who no longer wants to know.</summary>
[Collection(Alone.Name)]
public sealed class LogLinesTests
{
    [Fact]
    public async Task A_wait_for_a_line_that_never_came_says_so()
    {
        await Assert.ThrowsAsync<TimeoutException>(
            () => new LogLines().NextAsync(_ => true, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task A_wait_that_was_given_up_is_no_exception_that_escaped()
    {
        using var escapes = new Escapes();
        await Eventually.HoldsAsync(GiveUp());
        escapes.AssertNone();
    }

    // A method of its own, so that nothing here keeps the task alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Func<bool> GiveUp()
    {
        var wait = new WeakReference<Task>(new LogLines().NextAsync(_ => false, TimeSpan.FromMilliseconds(1)));
        return () => !wait.TryGetTarget(out var task) || task.IsCompleted;
    }
}
