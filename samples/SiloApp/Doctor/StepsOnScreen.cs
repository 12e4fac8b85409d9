namespace SiloApp.Doctor;

/// <summary>Says on the error stream what takes long, and nothing of what does not.</summary>
internal sealed class StepsOnScreen : IProgress<string>, IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    private readonly Timer _timer;
    private string _step = "";
    private string _told = "";

    public StepsOnScreen() => _timer = new Timer(_ => Tell(), null, Long, Long);

    public void Report(string value)
    {
        Volatile.Write(ref _step, value);
        _timer.Change(Long, Long);
    }

    public void Dispose() => _timer.Dispose();

    private void Tell()
    {
        var step = Volatile.Read(ref _step);
        Console.Error.WriteLine(step == _told ? "..." : $"{step} ...");
        _told = step;
    }
}
