namespace SiloApp.Pages;

/// <summary>How the cluster is, in one word for the page's colour and one sentence for who looks at it.</summary>
internal sealed record Verdict(string Mood, string Sentence)
{
    public const string Good = "good";
    public const string Attention = "attention";
    public const string Bad = "bad";

    public static Verdict Of(Overview overview) => overview.Node switch
    {
        null => new(Attention, "The node's status port does not answer: this is Orleans' view alone."),
        { Phase: "Founding" } => new(Attention, "This silo is not in a cluster yet."),
        { Phase: "Failed" or "Stopped" } node => new(Bad, $"This silo's node is {node.Phase.ToLowerInvariant()}."),
        { HasJoined: false } => new(Attention, "This silo is starting."),
        { Stopping: true } => new(Attention, "This silo is stopping."),
        { HasQuorum: false } or { WaitingFor.Length: > 0 } => new(Bad, "No majority of the voters answers."),
        { Reasons.Count: > 0 and var found } => new(Attention, $"The cluster works, with {Count(found, "finding")}."),
        { } node => new(Good, AllIsWell(overview, node)),
    };

    private static string AllIsWell(Overview overview, NodeReport node) => overview.Active switch
    {
        0 => "This silo has joined and is becoming Active.",
        var active => $"All is well: {Count(active, "silo")} Active, {node.Voters.Count} "
            + $"{(node.Voters.Count == 1 ? "votes" : "vote")}, {node.Voters.FirstOrDefault()?.Split('.')[0]} leads.",
    };

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
