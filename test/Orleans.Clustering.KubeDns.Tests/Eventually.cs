using System.Diagnostics;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests;

/// <summary>Waits for what nothing announces.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task HoldsAsync(Func<bool> holds, TimeSpan? patience = null)
    {
        var limit = patience ?? Patience;
        for (var waited = Stopwatch.StartNew(); !holds(); await Task.Delay(10))
        {
            Assert.True(waited.Elapsed < limit, $"It has not come about within {limit.TotalSeconds:0} s.");
        }
    }
}
