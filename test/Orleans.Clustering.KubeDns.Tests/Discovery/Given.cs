using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>The one service, silo and name that the tests of this room speak of.</summary>
internal static class Given
{
    public const string Zone = "orleans.shop.svc.cluster.local";

    public static ServiceName Name { get; } = new("orleans", "shop", "cluster.local");

    public static ServicePort Port { get; } = new(Name, "discovery");

    public static IPAddress Address { get; } = IPAddress.Parse("10.1.0.7");

    public static Identity Self { get; } =
        new(Address, 11112) { Fqdn = $"silo-7.{Zone}" };

    public static IdentitySettings Settings { get; } = new(Address, 11112);

    /// <summary>Each target written as <c>name:port=address,address</c>; a name without dot gets the zone.</summary>
    public static SrvAnswer Records(params string[] targets) => new(Port.SrvName, DnsOutcome.Records)
    {
        Targets = [.. targets.Select(Target)],
        MinTtl = TimeSpan.FromSeconds(5),
        MaxTtl = TimeSpan.FromSeconds(5),
    };

    public static SrvAnswer Failed(DnsOutcome outcome) => new(Port.SrvName, outcome) { Detail = $"said {outcome}" };

    /// <summary>TC: over UDP with a server that is silent over TCP, or over TCP.</summary>
    public static SrvAnswer CutOff(bool tcp) => new(Port.SrvName, DnsOutcome.Incomplete)
    {
        IsCutOff = true,
        ViaTcp = tcp,
        Detail = tcp ? "10.96.0.10:53/tcp: the answer was cut off"
            : "10.96.0.10:53/udp: the answer was cut off; 10.96.0.10:53/tcp: no answer",
    };

    public static SrvAnswer WithTtl(this SrvAnswer answer, double min, double max) =>
        answer with { MinTtl = TimeSpan.FromSeconds(min), MaxTtl = TimeSpan.FromSeconds(max) };

    private static SrvTarget Target(string text)
    {
        var parts = text.Split('=');
        var name = parts[0].Split(':');
        ImmutableArray<IPAddress> addresses = [.. parts[1].Split(',').Select(IPAddress.Parse)];
        return new(name[0].Contains('.') ? name[0] : $"{name[0]}.{Zone}", int.Parse(name[1]), addresses);
    }
}

/// <summary>Answers in the order given, the last one for ever; or waits until it is released.</summary>
internal sealed class ScriptedResolver(params SrvAnswer[] answers) : ISrvResolver
{
    private int _asked;

    public int Asked => _asked;

    public List<string> Questions { get; } = [];

    /// <summary>Runs inside each question; may move the clock, or never end.</summary>
    public Func<CancellationToken, Task>? During { get; set; }

    public async Task<SrvAnswer> ResolveAsync(string absoluteName, CancellationToken cancellationToken)
    {
        var index = Math.Min(_asked++, answers.Length - 1);
        Questions.Add(absoluteName);
        if (During is { } during)
        {
            await during(cancellationToken);
        }

        return answers[index];
    }
}
