using DnsClient;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>One query and the whole answer to it, as <see cref="DnsProbe"/> shows answers.</summary>
/// <param name="Query">Type and name; a name without trailing dot is one of the namespace.</param>
/// <param name="Expected">Code and records, one to a line.</param>
internal sealed record KnownAnswer(string Query, string Expected)
{
    public QueryType Type => Enum.Parse<QueryType>(Query.Split(' ')[0]);

    public string Name => Query.Split(' ')[1] is var name && name.EndsWith('.') ? name : name + KnownCluster.Suffix;

    public string[] Lines(string section) =>
        [.. from line in Expected.Split('\n') where line.StartsWith(section + " ") select line[(section.Length + 1)..]];
}

/// <summary>
/// The table of known answers. Above each group stands the row of the page that it comes from; the groups after those
/// go beyond the page. Asked by DnsClient, by dig, and through all our own layers.
/// </summary>
internal static class KnownAnswers
{
    public const string Soa =
        "authority cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 7200 1800 86400 5\n";

    private const string Suffix = KnownCluster.Suffix;
    private const string NoData = "NoError\n" + Soa;
    private const string NxDomain = "NotExistentDomain\n" + Soa;

    public static IReadOnlyList<KnownAnswer> All { get; } =
    [
        // | SRV `_http._tcp.hdls1` | 5 × `0 16 80`: 172-0-0-2, 172-0-0-3, 5678-abcd--1, 5678-abcd--2, dup-name;
        // glue 4 A, 2 AAAA |
        new("SRV _http._tcp.hdls1", $"""
            NoError
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 172-0-0-2.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 172-0-0-3.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 dup-name.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 5678-abcd--1.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 5678-abcd--2.hdls1{Suffix}
            additional 172-0-0-2.hdls1{Suffix} 5 A 172.0.0.2
            additional 172-0-0-3.hdls1{Suffix} 5 A 172.0.0.3
            additional dup-name.hdls1{Suffix} 5 A 172.0.0.4
            additional dup-name.hdls1{Suffix} 5 A 172.0.0.5
            additional 5678-abcd--1.hdls1{Suffix} 5 AAAA 5678:abcd::1
            additional 5678-abcd--2.hdls1{Suffix} 5 AAAA 5678:abcd::2

            """),

        // | A / AAAA `hdls1` | 4 A / 2 AAAA |
        Addresses("A hdls1", "172.0.0.2 172.0.0.3 172.0.0.4 172.0.0.5"),
        Addresses("AAAA hdls1", "5678:abcd::1 5678:abcd::2"),

        // | A `dup-name.hdls1` | .4 and .5 |
        Addresses("A dup-name.hdls1", "172.0.0.4 172.0.0.5"),

        // | A `172-0-0-2.hdls1` | 172.0.0.2 |
        Addresses("A 172-0-0-2.hdls1", "172.0.0.2"),

        // | A `bogusendpoint.hdls1`, missing service or namespace; SRV `_nope._tcp.hdls1` | NXDOMAIN + SOA |
        new("A bogusendpoint.hdls1", NxDomain),
        new("A nosuch", NxDomain),
        new("A hdls1.nosuch.svc.cluster.local.", NxDomain),
        new("SRV _nope._tcp.hdls1", NxDomain),

        // | A `hdlsprtls` | 172.0.0.20 |
        Addresses("A hdlsprtls", "172.0.0.20"),

        // | SRV `hdlsprtls`; AAAA or TXT `svc1` | NODATA + SOA |
        new("SRV hdlsprtls", NoData),
        new("AAAA svc1", NoData),
        new("TXT svc1", NoData),

        // | SRV `_http._tcp.svc1` | `0 100 80 svc1…` + A |
        Itself("_http._tcp.svc1", "svc1" + Suffix),

        // | SRV `_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL.` | owner as asked; target `svc1.testns.svc.cLuStEr.LoCaL.` |
        Itself("_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL.", "svc1.testns.svc.cLuStEr.LoCaL."),

        // Beyond the page: other names and types,
        Addresses("AAAA 5678-abcd--2.hdls1", "5678:abcd::2"),
        Addresses("A 172-0-0-20.hdlsprtls", "172.0.0.20"),
        Addresses("A svc1", "10.0.0.1"),
        Addresses("AAAA svcdual", "10::3"),
        Itself("svc1", "svc1" + Suffix),

        // other names that do not exist,
        new("NS nosuch.svc.cluster.local.", NxDomain),
        new("A nosuch.cluster.local.", NxDomain),
        new("SRV _http._udp.hdls1", NxDomain),
        new("SRV _http._tcp.hdlsprtls", NxDomain),
        new("SRV _http._tcp.nosuch", NxDomain),
        new("A a.b.c.hdls1", NxDomain),
        new("A 172-0-0-2.testns.pod.cluster.local.", NxDomain),

        // and others that have no record of the type.
        new("SOA svc1", NoData),
        new("A testns.svc.cluster.local.", NoData),
        new("A svc.cluster.local.", NoData),
        new("A pod.cluster.local.", NoData),
        new("A cluster.local.", NoData),
    ];

    /// <summary>Every query, over UDP and over TCP, as the data of a theory.</summary>
    public static IEnumerable<object[]> Queries =>
        from answer in All from tcp in new[] { false, true } select new object[] { answer.Query, tcp };

    public static KnownAnswer To(string query) => All.Single(answer => answer.Query == query);

    private static KnownAnswer Addresses(string query, string addresses)
    {
        var words = query.Split(' ');
        var records = addresses.Split(' ').Select(a => $"answer {words[1]}{Suffix} 5 {words[0]} {a}\n");
        return new(query, "NoError\n" + string.Concat(records));
    }

    private static KnownAnswer Itself(string name, string target)
    {
        var owner = name.EndsWith('.') ? name : name + Suffix;
        return new("SRV " + name,
            $"NoError\nanswer {owner} 5 SRV 0 100 80 {target}\nadditional {target} 5 A 10.0.0.1\n");
    }
}
