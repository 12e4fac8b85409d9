using System.Diagnostics;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>One who asks again and again, as is right, while others do what is not.</summary>
internal static class HonestCalls
{
    /// <summary>Calls with 1, 2, 3 … and pauses that many ms between; how many, and how slow the slowest.</summary>
    public static async Task<(int Count, TimeSpan Slowest)> RepeatAsync(
        Func<int, Task> call, int pause, CancellationToken over)
    {
        var (count, slowest) = (0, TimeSpan.Zero);
        while (!over.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            await call(++count);
            var took = Stopwatch.GetElapsedTime(begun);
            slowest = took > slowest ? took : slowest;
            await Task.Delay(pause, CancellationToken.None);
        }

        return (count, slowest);
    }
}
