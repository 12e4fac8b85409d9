using static Orleans.Clustering.KubeDns.Tests.Dns.DnsBytes;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsSrvResolverTests;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>Draws answers from a seed: some right, most damaged in one of the ways that parsers trip over.</summary>
internal sealed class HostileAnswers(int seed)
{
    private static readonly byte[][] Corpus = [.. DnsCorpus.All.Values];

    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    public RawReply? Next(byte[] query, bool tcp)
    {
        lock (_lock)
        {
            var bytes = Damage(_random.Next(3) == 0 ? Kept(query) : Sound(query, tcp));
            var copies = _random.Next(30) == 0 ? _random.Next(2, 60) : 1;
            if (!tcp)
            {
                return _random.Next(400) == 0
                    ? null
                    : new RawReply(bytes[..Math.Min(bytes.Length, 60000)]) { Copies = copies };
            }

            int? length = _random.Next(10) == 0 ? _random.Next(65536) : null;
            return new RawReply(bytes[..Math.Min(bytes.Length, 65535)], length, Close: _random.Next(4) != 0)
            {
                Copies = copies,
                Drips = _random.Next(60) == 0,
                HalfCloses = _random.Next(20) == 0,
            };
        }
    }

    // The large ones cost a tenth of a second each.
    private byte[] Kept(byte[] query)
    {
        var kept = Corpus[_random.Next(Corpus.Length)];
        return kept.Length > 1_000 && _random.Next(50) != 0 ? Kept(query) : DnsCorpus.For(query, kept);
    }

    private byte[] Sound(byte[] query, bool tcp)
    {
        int[] codes = [NoError, NoError, NoError, NoError, NoError, NxDomain, ServFail, Refused, _random.Next(16)];
        var code = codes[_random.Next(codes.Length)];
        var message = AnswerTo(query, code, truncated: _random.Next(tcp ? 20 : 6) == 0);
        var records = code == NoError ? _random.Next(8) : 0;
        for (var i = 0; i < records; i++)
        {
            AddTarget(message, query, i);
        }

        return message.ToArray();
    }

    private void AddTarget(DnsBytes message, byte[] query, int i)
    {
        var target = $"silo-{i}.{Service}";
        if (TypeOf(query) != Srv)
        {
            message.AddAnswer(NameOf(query), TypeOf(query) == A ? $"10.2.0.{i}" : $"fd00::{i}");
            return;
        }

        message.AddSrv(NameOf(query), target, 11112, ttl: _random.Next(60));
        if (_random.Next(20) != 0)
        {
            message.AddGlue(target, _random.Next(2) == 0 ? $"10.1.0.{i}" : $"fd00::{i}", ttl: _random.Next(60));
        }

        if (_random.Next(10) == 0)
        {
            message.Add(3, [0xC0, 12], _random.Next(300), _random.Next(), RandomBytes(_random.Next(40)));
        }
    }

    private byte[] Damage(byte[] bytes)
    {
        switch (_random.Next(9))
        {
            case 0: // untouched
                return bytes;
            case 1: // cut short
                return bytes[.._random.Next(bytes.Length)];
            case 2: // noise behind the id
                return [.. bytes[..2], .. RandomBytes(_random.Next(600))];
            case 3: // noise
                return RandomBytes(_random.Next(1300));
            case 4: // counts that lie
                if (bytes.Length >= 12) bytes[4 + _random.Next(8)] = (byte)_random.Next(256);
                return bytes;
            case 5: // compression pointers anywhere
                return Scatter(bytes, _random.Next(1, 6), () => (byte)(0xC0 | _random.Next(64)));
            case 6: // label and data lengths
                return Scatter(bytes, _random.Next(1, 6), () => (byte)_random.Next(256));
            case 7: // a long tail
                return [.. bytes, .. RandomBytes(_random.Next(4000))];
            default: // the same message many times over
                return [.. Enumerable.Repeat(bytes, _random.Next(1, 40)).SelectMany(b => b)];
        }
    }

    // Past the id, or the message would only be one more wrong id.
    private byte[] Scatter(byte[] bytes, int count, Func<byte> draw)
    {
        for (var i = 0; i < count && bytes.Length > 2; i++)
        {
            bytes[_random.Next(2, bytes.Length)] = draw();
        }

        return bytes;
    }

    private byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}
