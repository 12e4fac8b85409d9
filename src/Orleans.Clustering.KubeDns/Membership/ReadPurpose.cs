namespace Orleans.Clustering.KubeDns.Membership;

/// <summary>
/// What a read of the table is for. Orleans does not say, and reads the whole table both to look and before it writes
/// its own row; but a refresh that this library asked for is known for one, and the flow of the call carries it along.
/// </summary>
internal static class ReadPurpose
{
    private static readonly AsyncLocal<bool> Refreshing = new();

    /// <summary>Whether the present read may come before a write of the reader's own row.</summary>
    public static bool MayWrite => !Refreshing.Value;

    /// <summary>Within the calling method, and what it awaits, reads are for looking only.</summary>
    public static void BeginRefresh() => Refreshing.Value = true;
}
