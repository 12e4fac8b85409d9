using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>What was said, asked of DNS and computed in a stretch of a run, by one silo or by all.</summary>
internal sealed class Traffic
{
    private long _ticks;

    public long Messages { get; private set; }

    /// <summary>Of the bodies, as the codec writes them; the frames around them come on top.</summary>
    public long Bytes { get; private set; }

    public long LookUps { get; set; }

    public long Steps { get; private set; }

    /// <summary>Mean time of a step; what else runs on the machine lengthens it.</summary>
    public double StepMicroseconds => Steps == 0 ? 0 : Stopwatch.GetElapsedTime(0, _ticks).TotalMicroseconds / Steps;

    /// <summary>Time of all steps.</summary>
    public double CpuSeconds => Stopwatch.GetElapsedTime(0, _ticks).TotalSeconds;

    public Dictionary<string, (long Messages, long Bytes)> Kinds { get; } = [];

    /// <summary>How many steps each kind of input made, and their time.</summary>
    public Dictionary<string, (long Steps, long Ticks)> Inputs { get; } = [];

    public void Step(Input input, long ticks)
    {
        Steps++;
        _ticks += ticks;
        var kind = (input as Received)?.Envelope.Body.GetType().Name ?? input.GetType().Name;
        var (steps, sum) = Inputs.GetValueOrDefault(kind);
        Inputs[kind] = (steps + 1, sum + ticks);
    }

    public void Message(Message body, int bytes)
    {
        Messages++;
        Bytes += bytes;
        var (messages, sum) = Kinds.GetValueOrDefault(body.GetType().Name);
        Kinds[body.GetType().Name] = (messages + 1, sum + bytes);
    }
}
