namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>A rule of the protocol was broken: the process must end, never log and go on.</summary>
internal sealed class InvariantBrokenException(string rule, string what)
    : InvalidOperationException($"Protocol invariant {rule} is broken: {what}");

/// <summary>Always-on checks of the protocol's rules.</summary>
internal static class Invariant
{
    public static void Require(bool condition, string rule, string what)
    {
        if (!condition) throw new InvariantBrokenException(rule, what);
    }
}
