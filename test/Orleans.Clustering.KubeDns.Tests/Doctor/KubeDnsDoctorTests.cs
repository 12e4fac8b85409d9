using System.Runtime.CompilerServices;
using System.Text.Json;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Doctor;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Hosting;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Doctor;

/// <summary>
/// The doctor in a pod for each mistake, its whole text compared with a golden file. <c>UPDATE_GOLDEN=1</c> rewrites
/// the files; read the difference.
/// </summary>
public sealed class KubeDnsDoctorTests(ExaminedPods pods) : IClassFixture<ExaminedPods>
{
    public static TheoryData<string> Cases => [.. DoctorCase.All.Select(each => each.Name)];

    [Theory, MemberData(nameof(Cases))]
    public void The_whole_checklist_is_as_kept(string name) => AssertGolden(name, pods[name].Text);

    [Theory, MemberData(nameof(Cases))]
    public void Each_mistake_is_found_by_its_code_and_explained(string name)
    {
        var code = DoctorCase.All.Single(each => each.Name == name).Mistake.Code;
        if (code.Length == 0) return;

        var found = Assert.Single(pods[name].Report.Findings, finding => finding.Code == code);
        Assert.StartsWith($"{code}: ", found.Summary);
        Assert.Contains("Usual causes:\n", found.Explanation);
        Assert.Contains("What to do:\n", found.Explanation);
        Assert.Equal(code == "KDNS310" ? KubeDnsVerdict.Warning : KubeDnsVerdict.Wrong, found.Verdict);
    }

    [Fact]
    public void Every_code_of_the_list_is_tried()
    {
        var codes = Enumerable.Range(301, 16).Select(number => $"KDNS{number}").Append("KDNS303b").Order();

        Assert.Equal(codes, DoctorCase.All.Select(each => each.Name).Where(name => name.StartsWith("KDNS")).Order());
    }

    [Theory]
    [InlineData("right", true)]
    [InlineData("KDNS310", true)]
    [InlineData("KDNS303", false)]
    [InlineData("options", false)]
    public void Only_what_is_wrong_makes_a_pod_unhealthy(string name, bool healthy) =>
        Assert.Equal(healthy, pods[name].Report.IsHealthy);

    [Fact]
    public void Programs_read_the_same_as_people()
    {
        var report = pods["KDNS303b"].Report;
        using var json = JsonDocument.Parse(report.ToJson());

        Assert.False(json.RootElement.GetProperty("isHealthy").GetBoolean());
        var findings = json.RootElement.GetProperty("findings").EnumerateArray().ToList();
        Assert.Equal(report.Findings.Select(finding => (finding.Code, $"{finding.Verdict}", finding.Summary)),
            findings.Select(finding => (finding.GetProperty("code").GetString(),
                finding.GetProperty("verdict").GetString()!, finding.GetProperty("summary").GetString()!)));
    }

    [Fact]
    public async Task A_silo_that_was_visited_knows_nothing_of_it()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        await using var silo = Pod.Listed(dns, "silo-0");
        await silo.StartAsync();
        await using var pod = new Pod(dns, Pod.NewAddress(), $"silo-x7.{Pod.Service} silo-x7");

        var report = await KubeDnsDoctor.ExamineAsync(pod.Host.Services);

        Assert.Contains(report.Findings, finding => finding is { Subject: "peers", Verdict: KubeDnsVerdict.Right });
        Assert.DoesNotContain(silo.Status.Peers, peer => peer.Address.StartsWith($"{pod.Address}:"));
        Assert.Equal(["silo-0." + Pod.Service], silo.Status.Voters);
    }

    [Fact]
    public async Task The_steps_are_told_as_they_come_and_can_be_given_up()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        await using var pod = new Pod(dns, Pod.NewAddress(), $"silo-x7.{Pod.Service} silo-x7");
        using var stop = new CancellationTokenSource();
        var steps = new Steps(step =>
        {
            if (step.Contains("asking again")) stop.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => KubeDnsDoctor.ExamineAsync(pod.Host.Services, steps, stop.Token));

        Assert.StartsWith("looking up _discovery._tcp.orleans.test", steps.All[0]);
        Assert.Contains("asking again", steps.All[^1]);
    }

    private static void AssertGolden(string name, string text, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "Golden", $"{name}.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    private sealed class Steps(Action<string> told) : IProgress<string>
    {
        public List<string> All { get; } = [];

        public void Report(string value)
        {
            All.Add(value);
            told(value);
        }
    }
}
