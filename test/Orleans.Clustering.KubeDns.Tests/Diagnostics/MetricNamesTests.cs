using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>The names of the metrics are part of the public surface: page and alerts use those of the code.</summary>
public sealed partial class MetricNamesTests
{
    private const string Ours = $"otel_scope_name=\"{Metrics.MeterName}\"";
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

    // Names like "operations" are others' too: each is asked for with our meter's name.
    [Theory]
    [InlineData("k8s/monitoring/alerts.yaml")]
    [InlineData("k8s/monitoring/dashboard.json")]
    public void Rules_and_dashboard_ask_for_metrics_that_there_are_and_for_ours_alone(string file)
    {
        var exported = All.SelectMany(Exported).ToHashSet();
        var used = Expressions(file).SelectMany(expression => Metric().Matches(expression)).ToList();

        Assert.NotEmpty(used);
        Assert.All(used, metric => Assert.Contains(metric.Groups[1].Value, exported));
        Assert.All(used, metric => Assert.StartsWith(Ours, metric.Groups[2].Value));
    }

    [Fact]
    public void The_dashboard_shows_every_metric()
    {
        var used = Expressions("k8s/monitoring/dashboard.json")
            .SelectMany(expression => Metric().Matches(expression))
            .Select(metric => metric.Groups[1].Value).ToHashSet();

        Assert.Empty(All.Where(instrument => !Exported(instrument).Any(used.Contains)).Select(each => each.Name));
    }

    // Prometheus sees no growth in a series that begins with 1: the first rescue of a process would page nobody.
    [Fact]
    public void What_an_alert_asks_the_growth_of_is_told_from_the_start()
    {
        using var collector = new Collector();
        WatchAll(collector.Metrics, status: null);
        var told = collector.Series();
        var grown = Expressions("k8s/monitoring/alerts.yaml")
            .SelectMany(expression => Increase().Matches(expression))
            .Select(match => (Name: match.Groups[1].Value, Tag: match.Groups[2].Value.Replace("\"", ""))).ToList();

        Assert.Equal(4, grown.Count);
        Assert.All(grown, one => Assert.Contains(told, series =>
            series.StartsWith(one.Name, StringComparison.Ordinal) && series.Contains(one.Tag)));
    }

    private static IEnumerable<string> Expressions(string file)
    {
        var text = SourceTree.Read(file);
        if (!file.EndsWith(".json", StringComparison.Ordinal))
            return Expression().Matches(text).Select(match => match.Groups[1].Value);
        var panels = JsonDocument.Parse(text).RootElement.GetProperty("panels").EnumerateArray();
        return panels.Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!);
    }

    // As the exporter of OpenTelemetry for Prometheus writes them: it adds the unit to a name that does not end with
    // it, and three series to a histogram.
    private static IEnumerable<string> Exported(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        if (instrument.Unit == "s" && !name.EndsWith("seconds", StringComparison.Ordinal)) name += "_seconds";
        var type = instrument.GetType().Name;
        if (type.Contains("Counter", StringComparison.Ordinal)) return [$"{name}_total"];
        return type.Contains("Histogram", StringComparison.Ordinal)
            ? [$"{name}_bucket", $"{name}_sum", $"{name}_count"]
            : [name];
    }

    /// <summary>Whatever the code measures, wherever it is counted.</summary>
    internal static List<Instrument> Instruments()
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
        WatchAll(metrics, NobodyAsks);
        return found;
    }

    private static Func<NodeStatus> NobodyAsks =>
        () => throw new InvalidOperationException("nobody asks for values");

    // Without a status, what is measured of it is not watched.
    private static void WatchAll(Metrics metrics, Func<NodeStatus>? status)
    {
        foreach (var watch in typeof(Metrics).GetMethods().Where(method => method.Name == nameof(Metrics.Watch)))
        {
            var type = watch.GetParameters()[0].ParameterType;
            var watched = type == typeof(Func<NodeStatus>) ? status : Activator.CreateInstance(type);
            if (watched is not null) watch.Invoke(metrics, [watched]);
        }
    }

    [GeneratedRegex("`([a-z_.]+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"\(.*?\)")]
    private static partial Regex Tags();

    [GeneratedRegex("expr: (.*)")]
    private static partial Regex Expression();

    // A counter's name, and the last of the tags in its braces, if there is one beside the meter's.
    [GeneratedRegex(@"increase\(([a-z_]+)_total\{otel_scope_name=""[^""]*""(?:, ([^}]*))?\}")]
    private static partial Regex Increase();

    // A name, and what is in the braces after it.
    [GeneratedRegex(@"\b([a-z_]+)\{(.*?)\}")]
    private static partial Regex Metric();
}
