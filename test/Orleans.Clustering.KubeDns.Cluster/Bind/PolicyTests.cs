using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Orleans.Clustering.KubeDns.Cluster.Processes;
using Orleans.Clustering.KubeDns.Cluster.TestingHost;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Bind;

/// <summary>
/// What the doctor says in a pod whose NetworkPolicy forgot a way to DNS: in a namespace whose packets are really lost.
/// </summary>
public sealed class PolicyTests
{
    /// <summary>The doctor gives a name server a second, which may be too little for a busy machine.</summary>
    private const int Tries = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableTheory]
    [InlineData(3, "udp dport {0} drop", "DNS", "Warning", "answers by TCP only", true)]
    [InlineData(3, "tcp dport {0} drop", "DNS", "Wrong", "does not answer by TCP", true)]
    [InlineData(3, "tcp dport {0} reject with tcp reset", "DNS", "Wrong", "does not answer by TCP", true)]
    [InlineData(50, "tcp dport {0} drop", "discovery service", "Wrong", "does not fit UDP", false)]
    public async Task The_doctor_names_the_way_that_is_lost_and_finds_what_the_other_one_brings(
        int pods, string rule, string subject, string verdict, string summary, bool areFound)
    {
        using var network = NetworkNamespace.Start();
        await using var named = await Named.StartAsync(network.Enter);
        new BindNamespace(named, named.EndPoint).AddPods(Enumerable.Range(0, pods).Select(at => new BindPod(
            $"silo-{at}", new IPAddress([10, 244, 0, (byte)(at + 1)]), 11112, 30000) { IsReady = true }));
        network.Filter(string.Format(null, rule, named.EndPoint.Port));

        IReadOnlyList<string> found = [];
        bool IsTold() => found.Any(each => each.StartsWith($"{subject}: {verdict}: ") && each.Contains(summary))
            && areFound == found.Any(each => each.StartsWith("discovery service: Right: ")
                && each.Contains($"lists {pods}, with this pod"));
        for (var tries = 0; tries < Tries && !IsTold(); tries++) found = await ExamineAsync(network, named);

        Assert.True(IsTold(), string.Join('\n', found));
    }

    private static async Task<IReadOnlyList<string>> ExamineAsync(NetworkNamespace network, Named named)
    {
        var start = new ProcessStartInfo(
            network.Enter[0], [.. network.Enter[1..], "dotnet", Programs.SiloApp, "doctor", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var zone = $"{DnsNamespace.Name}.svc.{Named.Zone}";
        start.Environment["POD_IP"] = "10.244.0.1";
        start.Environment["Orleans__Clustering__Fqdn"] = $"silo-0.{DnsNamespace.Discovery}.{zone}";
        start.Environment["Orleans__Clustering__ServiceName"] = $"{DnsNamespace.Discovery}.{zone}";
        start.Environment["Orleans__Clustering__ReadyServiceName"] = $"{DnsNamespace.Ready}.{zone}";
        start.Environment["Orleans__Clustering__NameServers__0"] = $"{named.EndPoint}";
        using var doctor = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            var progress = doctor.StandardError.ReadToEndAsync(limit.Token);
            var said = await doctor.StandardOutput.ReadToEndAsync(limit.Token);
            await progress;
            using var json = JsonDocument.Parse(said);
            return [.. json.RootElement.GetProperty("findings").EnumerateArray().Select(each =>
                $"{each.GetProperty("subject")}: {each.GetProperty("verdict")}: {each.GetProperty("summary")}")];
        }
        finally
        {
            if (!doctor.HasExited) doctor.Kill();
            await doctor.WaitForExitAsync();
        }
    }
}
