using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Diagnostics;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>Collects one <see cref="Metrics"/>, as an exporter would; those of other tests are not seen.</summary>
internal sealed class Collector : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, long> _seen = [];

    public Collector()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        Metrics = new Metrics(factory);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == factory) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var labels = string.Join(",", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            _seen[labels.Length > 0 ? $"{instrument.Name}{{{labels}}}" : instrument.Name] = value;
        });
        _listener.Start();
    }

    public Metrics Metrics { get; }

    /// <summary>What is not zero, as "name{tag=value} count" in order.</summary>
    public string[] Collect()
    {
        _seen.Clear();
        _listener.RecordObservableInstruments();
        return [.. _seen.Where(one => one.Value != 0).Select(one => $"{one.Key} {one.Value}").Order()];
    }

    public void Dispose()
    {
        _listener.Dispose();
        Metrics.Dispose();
        _services.Dispose();
    }
}
