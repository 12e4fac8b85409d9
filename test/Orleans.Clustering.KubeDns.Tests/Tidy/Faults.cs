using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Tidy;

/// <summary>Faults found in files, one line each. xunit's own message would cut the list short.</summary>
internal static class Faults
{
    public static void None(IEnumerable<string> faults)
    {
        var found = faults.ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }
}
