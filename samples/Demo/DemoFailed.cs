namespace Demo;

/// <summary>A step did not come true; the message is the reason, as the user reads it.</summary>
internal sealed class DemoFailed(string reason) : Exception(reason)
{
    /// <summary>Names of the processes whose logs tell more; empty for all.</summary>
    public IReadOnlyList<string> Logs { get; init; } = [];
}
