using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Heartbeats, each told by what differs from the one before: they are what most of an idle silo's bytes were, one of
/// every silo in each read, and their silos' names and numbers are nearly the same.
/// </summary>
internal static class BeatsShape
{
    public static readonly Shape<Sequence<Beat>> Shape = new(Write, Read);

    private static void Write(WireWriter writer, Sequence<Beat> beats)
    {
        var last = new Beat(new SiloId("", 0, 0), 0);
        writer.Count(beats.Count);
        foreach (var beat in beats)
        {
            writer.TextAfter(last.Silo.Host, beat.Silo.Host);
            writer.Signed((long)beat.Silo.Port - last.Silo.Port);
            writer.Signed((long)beat.Silo.Generation - last.Silo.Generation);
            writer.Signed(unchecked(beat.Ticks - last.Ticks));
            last = beat;
        }
    }

    private static Sequence<Beat> Read(ref WireReader reader)
    {
        var beats = ImmutableArray.CreateBuilder<Beat>();
        var last = new Beat(new SiloId("", 0, 0), 0);
        while (reader.StartItem(beats.Count))
        {
            var silo = new SiloId(
                reader.TextAfter(last.Silo.Host),
                reader.SignedAfter(last.Silo.Port),
                reader.SignedAfter(last.Silo.Generation));
            last = new Beat(silo, unchecked(last.Ticks + reader.Signed()));
            beats.Add(last);
        }

        return new Sequence<Beat>(beats.DrainToImmutable());
    }
}
