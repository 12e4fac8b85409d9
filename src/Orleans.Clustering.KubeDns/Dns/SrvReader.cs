using System.Collections.Immutable;
using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>
/// Gathers the targets of one SRV answer and their glue, within bounds. Mutable while it reads, thrown away after.
/// </summary>
internal sealed class SrvReader(DnsSettings settings)
{
    private static readonly TimeSpan LongestTtl = TimeSpan.FromDays(1);

    private readonly HashSet<(string Target, int Port)> _targets = [];
    private readonly Dictionary<string, SortedSet<string>> _addresses = [];
    private TimeSpan? _minTtl;
    private TimeSpan? _maxTtl;
    private int _addressCount;

    /// <summary>Why the answer is not whole, if it is not.</summary>
    public string? Gap { get; private set; }

    /// <summary>Why the answer is no answer, if it is not.</summary>
    public string? Defect { get; private set; }

    /// <summary>Targets that came without glue.</summary>
    public ImmutableArray<string> WithoutAddress =>
        [.. _targets.Select(key => key.Target).Distinct().Where(name => !_addresses.ContainsKey(name))];

    public void Read(DnsReply reply)
    {
        foreach (var record in reply.Records.OfType<SrvRecord>())
        {
            Add(record);
        }

        var wanted = _targets.Select(key => key.Target).ToHashSet();
        foreach (var glue in reply.Additionals.OfType<AddressRecord>().Where(r => r.RecordClass == QueryClass.IN))
        {
            var owner = DnsName.Canonical(glue.DomainName.Value);
            if (wanted.Contains(owner))
            {
                Add(owner, glue);
            }
        }
    }

    /// <summary>The reply to a question for the addresses of one target.</summary>
    public void ReadAddresses(string target, DnsReply reply)
    {
        foreach (var record in reply.Records.OfType<AddressRecord>())
        {
            Add(target, record);
        }

        if (!reply.IsWhole)
        {
            Miss($"the addresses of {target} could not be asked ({reply.Outcome})");
        }
    }

    /// <summary>A target without address hides a peer, so that the answer cannot count as whole.</summary>
    public void Close()
    {
        var bare = WithoutAddress;
        if (!bare.IsEmpty)
        {
            Miss($"{bare.Length} targets have no address, for example {bare[0]}");
        }
    }

    public void Miss(string gap) => Gap ??= gap;

    public SrvAnswer ToAnswer(string question) =>
        new(question, Defect is not null ? DnsOutcome.Malformed : Gap is not null ? DnsOutcome.Incomplete
            : DnsOutcome.Records)
        {
            Targets = Defect is not null ? [] : Sorted(),
            MinTtl = _minTtl ?? TimeSpan.Zero,
            MaxTtl = _maxTtl ?? TimeSpan.Zero,
            Detail = Defect ?? Gap ?? "",
        };

    private void Add(SrvRecord record)
    {
        var target = DnsName.Canonical(record.Target.Value);
        if (!DnsName.IsHostName(target) || record.Port == 0)
        {
            Defect ??= "an SRV record names no usable target";
        }
        else if (_targets.Count >= settings.MaxTargets && !_targets.Contains((target, record.Port)))
        {
            Miss($"more than {settings.MaxTargets} targets");
        }
        else
        {
            _targets.Add((target, record.Port));
            Count(record);
        }
    }

    private void Add(string owner, AddressRecord record)
    {
        if (_addressCount >= settings.MaxAddresses)
        {
            Miss($"more than {settings.MaxAddresses} addresses");
            return;
        }

        var known = _addresses.TryGetValue(owner, out var set) ? set : _addresses[owner] = new(StringComparer.Ordinal);
        if (known.Add(Plain(record.Address).ToString()))
        {
            _addressCount++;
        }

        Count(record);
    }

    // An IPv4 address in IPv6 clothes would otherwise count as a second, different peer.
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private ImmutableArray<SrvTarget> Sorted() =>
        [.. _targets.OrderBy(key => key.Target, StringComparer.Ordinal).ThenBy(key => key.Port).Select(ToTarget)];

    private SrvTarget ToTarget((string Target, int Port) key) =>
        new(key.Target, key.Port, _addresses.TryGetValue(key.Target, out var set)
            ? [.. set.Select(IPAddress.Parse)] : []);

    // A TTL with the top bit set is to be read as 0 (RFC 2181 § 8).
    private void Count(DnsResourceRecord record)
    {
        var ttl = TimeSpan.FromSeconds(Math.Max(0, record.InitialTimeToLive));
        ttl = ttl > LongestTtl ? LongestTtl : ttl;
        _minTtl = _minTtl is null || ttl < _minTtl ? ttl : _minTtl;
        _maxTtl = _maxTtl is null || ttl > _maxTtl ? ttl : _maxTtl;
    }
}
