namespace TableBench.Load;

/// <summary>What is done to a table.</summary>
internal enum Operation
{
    ReadAll,
    InsertRow,
    UpdateRow,
    UpdateIAmAlive,
}

/// <summary>
/// One turn of one operation: how long it went on, the time of each call that was answered (milliseconds), how many of
/// them lost their compare-and-swap, how many threw, and the processor seconds of caller and servers.
/// </summary>
internal sealed record Sample(
    TimeSpan Length, IReadOnlyList<double> Calls, int Lost, int Failed, double CallerCpu, double ServerCpu)
{
    /// <summary>What was done: reads, heartbeats, writes that won.</summary>
    public double PerSecond => Length > TimeSpan.Zero ? (Calls.Count - Lost) / Length.TotalSeconds : 0;
}
