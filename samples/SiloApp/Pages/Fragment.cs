using System.Globalization;

namespace SiloApp.Pages;

/// <summary>
/// The part of the page that changes. It tells no time of its own, so it is the same text for as long as nothing
/// happens.
/// </summary>
internal static class Fragment
{
    private const int LongestOfIPv4 = 15;

    public static Html Of(Overview overview)
    {
        var verdict = Verdict.Of(overview);
        return $"""
            <main id="main" data-mood="{verdict.Mood}">
            <p id="summary" class="{verdict.Mood}" role="status" aria-live="polite">{verdict.Sentence}</p>
            {Waiting(overview.Node)}<div class="top">
            {Ring.Of(overview)}
            {Figures(overview)}
            </div>
            {Silos(overview)}
            {Findings(overview)}
            </main>
            """;
    }

    private static Html Waiting(NodeReport? node) => node switch
    {
        null or { WaitingFor: "", Diagnosis: "" } => Html.Nothing,
        { Diagnosis: "" } => $"""
            <section id="waiting"><h2>What is waited for</h2><p>{node.WaitingFor}</p></section>

            """,
        _ => $"""
            <section id="waiting"><h2>What is waited for</h2><p>{node.WaitingFor}</p>
            <pre tabindex="0">{node.Diagnosis}</pre></section>

            """,
    };

    private static Html Figures(Overview overview)
    {
        var node = overview.Node;
        var leader = overview.Silos.FirstOrDefault(row => row.Leads)?.Name ?? node?.Voters.FirstOrDefault() ?? "nobody";
        return $"""
            <dl class="figures">
            <div><dt>Silos Active</dt><dd id="active">{overview.Active}</dd></div>
            <div><dt>Leader</dt><dd id="leader">{leader.Split('.')[0]}</dd></div>
            <div><dt>Voters</dt><dd id="voters">{node?.Voters.Count ?? 0}</dd></div>
            <div><dt>DNS lists</dt><dd id="listed">{Listed(overview.Discovery)}</dd></div>
            <div><dt>DNS lists ready</dt><dd id="ready">{Listed(overview.Ready)}</dd></div>
            <div><dt>Epoch</dt><dd>{node?.Epoch ?? 0}</dd></div>
            <div><dt>Table version</dt><dd>{node?.TableVersion ?? 0}</dd></div>
            <div><dt>Lineage</dt><dd><code>{Short(node?.Lineage)}</code></dd></div>
            </dl>
            """;
    }

    private static string Listed(DnsReport? dns) => dns switch
    {
        null => "no service",
        { Listed: null } => "no answer",
        { Listed.Count: var count } => count.ToString(CultureInfo.InvariantCulture),
    };

    private static string Short(Guid? lineage) =>
        lineage is { } known && known != Guid.Empty ? $"{known}"[..8] : "none";

    private static Html Silos(Overview overview) => $"""
        <table id="silos">
        <caption>As {overview.View.Self.Name} sees them</caption>
        <thead><tr><th scope="col">Silo</th><th scope="col">Orleans</th><th scope="col">Consensus</th>
        <th scope="col">DNS</th></tr></thead>
        <tbody>
        {Html.Join(overview.Silos.Select(row => Silo(row, overview)))}</tbody>
        </table>
        {LeftOut(overview.LeftOut)}
        """;

    private static Html LeftOut(int count) =>
        count == 0 ? Html.Nothing : (Html)$"""<p id="left-out">{count} dead not shown</p>""";

    private static Html Silo(SiloRow row, Overview overview) => $"""
        <tr data-key="{row.Address} {row.Silo}" class="{(row.IsSelf ? "self" : "")}">
        <th scope="row">{row.Name} {(row.IsSelf ? (Html)$"<em>(this one)</em> " : Html.Nothing)}{Address(row)}</th>
        <td>{Badge(row.Status.Length == 0 ? "unknown" : row.Status, MoodOf(row))}</td>
        <td>{Part(row)} {Contact(row, overview.Node)}</td>
        <td>{InDns(row.IsListed, "listed", "not listed", row.Status != "Dead")} {Ready(row, overview)}</td>
        </tr>

        """;

    // One of IPv6 may be longer than a phone's screen is wide.
    private static Html Address(SiloRow row) =>
        $"""<small class="{(row.Address.Length <= LongestOfIPv4 ? "whole" : "")}">{row.Address}</small>""";

    private static string MoodOf(SiloRow row) => row.Status switch
    {
        "Active" => Verdict.Good,
        "Dead" => "over",
        _ => Verdict.Attention,
    };

    private static Html Part(SiloRow row) => row switch
    {
        { Leads: true } => Badge("leads", "leads"),
        { Votes: true } => Badge("votes", "votes"),
        { Status: "Active" } => Badge("learns", "plain"),
        _ => Html.Nothing,
    };

    // Who does not vote greets nobody but the leader, so silence among others means nothing.
    private static Html Contact(SiloRow row, NodeReport? node) => row.Contact switch
    {
        "foreign" or "refuses" => Badge(row.Contact, row.Status == "Dead" ? "over" : Verdict.Bad),
        "silent" when row.Votes && node is { IsVoter: true } => Badge("silent", Verdict.Attention),
        _ => Html.Nothing,
    };

    private static Html Ready(SiloRow row, Overview overview) => overview.Ready is null || row.IsListed == false
        ? Html.Nothing
        : InDns(row.IsReady, "ready", "not ready", row.Status is "Active" or "");

    private static Html InDns(bool? holds, string yes, string no, bool isWanted) => holds switch
    {
        null => Badge("no answer", Verdict.Attention),
        true => Badge(yes, isWanted ? "plain" : Verdict.Attention),
        false => Badge(no, isWanted ? Verdict.Attention : "over"),
    };

    private static Html Badge(string text, string mood) => $"""<span class="badge {mood}">{text}</span>""";

    private static Html Findings(Overview overview)
    {
        if (overview.Node is not { } node || node.Reasons.Count + node.Warnings.Count == 0) return Html.Nothing;
        var reasons = node.Reasons.Select(reason => (Html)$"""
            <li><strong>{reason.Kind}</strong> {reason.Text} {Since(overview.Taken, reason.Seconds)}</li>

            """);
        var warnings = node.Warnings.Select(warning => (Html)$"""
            <li><details><summary>{warning.Split('\n')[0]}</summary><pre tabindex="0">{warning}</pre></details></li>

            """);
        return $"""
            <section id="findings"><h2>Findings</h2>
            <ul>
            {Html.Join(reasons)}{Html.Join(warnings)}</ul></section>
            """;
    }

    // Not for how long: that would be news every second.
    private static Html Since(DateTime taken, double seconds)
    {
        var since = taken.AddSeconds(-seconds).ToString("HH:mm", CultureInfo.InvariantCulture);
        return seconds < 1 ? Html.Nothing : $"""<small>since about {since} UTC</small>""";
    }
}
