using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>The names of the metrics are part of the public surface: page and alerts use those of the code.</summary>
public sealed partial class MetricNamesTests
{
    private static readonly IReadOnlyList<Instrument> All = Instruments();

    [Fact]
    public void The_page_names_every_metric_and_no_other()
    {
        var page = SourceTree.Read("docs/operations.md");
        var table = page[page.IndexOf("| metric |", StringComparison.Ordinal)..];
        var named = table.Split('\n').TakeWhile(line => line.StartsWith('|')).Skip(2)
            .SelectMany(line => Name().Matches(Tags().Replace(line.Split('|')[1], "")))
            .Select(match => match.Groups[1].Value);

        Assert.Equal(All.Select(instrument => instrument.Name).Order(), named.Order());
    }

    [Fact]
    public void Every_alert_uses_metrics_that_there_are()
    {
        var exported = All.Select(Exported).ToHashSet();
        var used = Expression().Matches(SourceTree.Read("k8s/monitoring/alerts.yaml"))
            .SelectMany(match => Metric().Matches(Grouping().Replace(match.Groups[1].Value, "")))
            .Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(used);
        Assert.All(used, name => Assert.Contains(name, exported));
    }

    // As the exporter of OpenTelemetry for Prometheus writes them.
    private static string Exported(Instrument instrument) =>
        instrument.Name.Replace('.', '_')
        + (instrument.Unit == "s" && !instrument.Name.Contains("seconds") ? "_seconds" : "")
        + (instrument.GetType().Name.Contains("Counter", StringComparison.Ordinal) ? "_total" : "");

    private static List<Instrument> Instruments()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var metrics = new Metrics(factory);
        var found = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == factory) found.Add(instrument);
            },
        };
        listener.Start();
        metrics.Watch(new LookUpCounts());
        metrics.Watch(new ContactCounts());
        metrics.Watch(new TransportCounts());
        metrics.Watch(new Operations());
        metrics.Watch(new NodeCounts());
        metrics.Watch(() => throw new InvalidOperationException("nobody asks for values"));
        return found;
    }

    [GeneratedRegex("`([a-z_.]+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"\(.*?\)")]
    private static partial Regex Tags();

    [GeneratedRegex("expr: (.*)")]
    private static partial Regex Expression();

    [GeneratedRegex(@"by \(.*?\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\b([a-z_]+)(?=\)|\{|\[)")]
    private static partial Regex Metric();
}
