namespace SiloApp.Pages;

/// <summary>What <c>/overview</c> answers.</summary>
internal sealed record OverviewReport(
    DateTime Taken, string Mood, string Sentence, Self Self, long ViewVersion, NodeReport? Node,
    ListReport Discovery, ListReport? Ready, IReadOnlyList<SiloRow> Silos, int DeadLeftOut)
{
    public static OverviewReport Of(Overview overview)
    {
        var verdict = Verdict.Of(overview);
        return new OverviewReport(
            overview.Taken, verdict.Mood, verdict.Sentence, overview.View.Self, overview.View.Version, overview.Node,
            ListReport.Of(overview.Discovery)!, ListReport.Of(overview.Ready), overview.Silos, overview.LeftOut);
    }
}

/// <summary>How many addresses DNS lists for a service; null: it does not answer.</summary>
internal sealed record ListReport(string Service, int? Listed)
{
    public static ListReport? Of(DnsReport? report) =>
        report is null ? null : new ListReport(report.Service, report.Listed?.Count);
}
