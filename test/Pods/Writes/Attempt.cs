namespace Pods.Writes;

/// <summary>What a silo was told of its compare-and-swap.</summary>
internal enum Outcome
{
    /// <summary>Nothing yet, or an error, or nothing in time: it may have been committed, or be so later.</summary>
    Unknown,
    Won,
    Lost,
}

/// <summary>One compare-and-swap: a silo's own row gets this mark, and the table becomes this version.</summary>
internal sealed class Attempt(int mark, string silo, Place asked)
{
    private readonly Dictionary<string, int> _written = [];

    public int Mark => mark;

    public string Silo => silo;

    public Place Asked => asked;

    public Outcome Told { get; set; }

    /// <summary>Some table has shown it.</summary>
    public bool IsSeen { get; private set; }

    /// <summary>
    /// Notes a row with this mark; false: the same content was written at another version before. Orleans writes the
    /// row of an Active silo anew only with other votes, but may itself repeat a write with which a silo leaves.
    /// </summary>
    public bool See(SeenRow row)
    {
        IsSeen = true;
        return !row.IsActive || _written.TryAdd(row.Votes, row.WrittenAt)
            || _written[row.Votes] == row.WrittenAt;
    }

    public override string ToString() => $"mark {mark} of {silo} for {asked}";
}
