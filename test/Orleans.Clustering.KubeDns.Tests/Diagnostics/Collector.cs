using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Diagnostics;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>Collects one <see cref="Metrics"/>, as an exporter would; those of other tests are not seen.</summary>
internal sealed class Collector : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, long> _seen = [];
    private readonly ConcurrentDictionary<string, double> _measured = new();
    private readonly ConcurrentDictionary<string, double> _recorded = new();
    private readonly ConcurrentDictionary<string, bool> _told = new();

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
            _seen[Series(instrument, tags)] = value;
            Keep(instrument, value, tags);
        });
        _listener.SetMeasurementEventCallback<double>(Keep);
        _listener.Start();
    }

    public Metrics Metrics { get; }

    /// <summary>The instruments that ever told of something: a histogram of any value, another of one.</summary>
    public IEnumerable<string> Told => _told.Keys;

    /// <summary>What is not zero, as "name{tag=value} count" in order.</summary>
    public string[] Collect()
    {
        _seen.Clear();
        _listener.RecordObservableInstruments();
        return [.. _seen.Where(one => one.Value != 0).Select(one => $"{one.Key} {one.Value}").Order()];
    }

    /// <summary>The series that are told now, zero or not, as "name{tag=value}".</summary>
    public IReadOnlyCollection<string> Series()
    {
        _measured.Clear();
        _listener.RecordObservableInstruments();
        return [.. _measured.Keys];
    }

    /// <summary>The newest value of a series ("name{tag=value}"); null: it tells nothing now.</summary>
    public double? this[string series]
    {
        get
        {
            _measured.Clear();
            _listener.RecordObservableInstruments();
            return _measured.TryGetValue(series, out var now) ? now
                : _recorded.TryGetValue(series, out var last) ? last : null;
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Metrics.Dispose();
        _services.Dispose();
    }

    private void Keep<T>(
        Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state = null)
        where T : struct, IConvertible
    {
        var number = value.ToDouble(CultureInfo.InvariantCulture);
        (instrument.IsObservable ? _measured : _recorded)[Series(instrument, tags)] = number;
        if (number != 0 || !instrument.IsObservable) _told[instrument.Name] = true;
    }

    private static string Series(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = string.Join(",", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
        return labels.Length > 0 ? $"{instrument.Name}{{{labels}}}" : instrument.Name;
    }
}
