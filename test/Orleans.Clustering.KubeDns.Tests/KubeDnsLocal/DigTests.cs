using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>The server, as a client sees it that nobody of this project wrote.</summary>
public sealed class DigTests
{
    [DigTheory]
    [MemberData(nameof(KnownAnswers.Queries), MemberType = typeof(KnownAnswers))]
    public async Task Dig_gets_each_known_answer(string query, bool tcp)
    {
        var known = KnownAnswers.To(query);
        await using var dns = await LocalDnsServer.StartAsync(new() { Cluster = KnownCluster.State });

        var answer = await Dig.AskAsync(dns.EndPoint, known.Name, $"{known.Type}", tcp ? "+tcp" : "+notcp");

        Assert.Equal(known.Expected, answer.Shown);
        Assert.Equal(["qr", "aa", "rd"], answer.Flags);
    }

    // | any name before synchronisation | SERVFAIL + SOA |
    [DigTheory]
    [InlineData("+notcp")]
    [InlineData("+tcp")]
    public async Task Dig_is_refused_before_synchronisation(string way)
    {
        await using var dns = await LocalDnsServer.StartAsync(
            new() { Cluster = KnownCluster.State with { Synchronised = false } });

        var answer = await Dig.AskAsync(dns.EndPoint, "hdls1" + KnownCluster.Suffix, "A", way);

        Assert.Equal("ServerFailure\n" + KnownAnswers.Soa, answer.Shown);
    }

    [DigTheory]
    [InlineData("+noedns", 4, 5)] // | UDP, no EDNS (512 B) | 4 |
    [InlineData("+bufsize=1232", 12, 13)] // | EDNS 1232 | 12 |
    [InlineData("+bufsize=4096", 43, 44)] // | EDNS 4096 | 43 … |
    [InlineData("+tcp", 590, 640)] // | TCP (64 KiB) | about 620; TC is set over TCP too … |
    public async Task Dig_sees_where_an_answer_is_cut_off(string way, int whole, int tooMany)
    {
        var complete = await AskAsync(whole, way);
        Assert.Equal(whole, complete.Answers);
        Assert.DoesNotContain("tc", complete.Flags);

        // | UDP, no EDNS, answer over 512 B | TC, a prefix of the SRVs |
        var cut = await AskAsync(tooMany, way);
        Assert.Contains("tc", cut.Flags);
        Assert.Equal(Targets(complete).Take(cut.Answers), Targets(cut).Take(whole));
    }

    // The weights differ with the number of pods; the targets and their order do not.
    private static IEnumerable<string> Targets(DigAnswer answer) => answer.Shown.Split('\n')
        .Where(line => line.StartsWith("answer ", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1]);

    // | 3 / 2 / 200 endpoints | weight 33 / 50 / 1 |
    [DigTheory]
    [InlineData(3, 33)]
    [InlineData(2, 50)]
    [InlineData(200, 1)]
    public async Task Dig_sees_the_weights(int pods, int weight)
    {
        var answer = await AskAsync(pods, "+tcp");

        Assert.Equal(pods, answer.Shown.Split('\n').Count(line => line.Contains($" SRV 0 {weight} 11112 ")));
    }

    private static async Task<DigAnswer> AskAsync(int pods, string way)
    {
        await using var dns = await LocalDnsServer.StartAsync(new() { Cluster = LongNames.Cluster(pods) });
        return await Dig.AskAsync(dns.EndPoint, LongNames.Question, "SRV", way, "+ignore");
    }
}
