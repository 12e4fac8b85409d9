using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Demo;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary><c>SiloApp doctor</c> and <c>SiloApp watch</c>, as <c>kubectl exec</c> runs them beside a silo.</summary>
public sealed class CommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private sealed record Outcome(int Code, string Output, string Errors);

    [Fact]
    public async Task Beside_a_healthy_silo_the_doctor_finds_nothing_wrong_and_watch_shows_that_all_agree()
    {
        await using var silos = await SiloProcesses.StartAsync();
        var settings = silos.Kubelet.Live[0].Settings;
        await silos.UntilAsync("all ready", 30, _ => silos.Kubelet.Live.All(pod => pod.IsReady));

        var doctor = await RunAsync(settings, "doctor");
        Assert.True(doctor.Code == 0, doctor.Output + doctor.Errors);
        Assert.Matches("\nok +peers +3 of 3 answer\n", doctor.Output);
        Assert.Matches("\nok +own silo +Joined, Active\n", doctor.Output);

        var watch = await RunAsync(settings, "watch", "--once");
        Assert.True(watch.Code == 0, watch.Output + watch.Errors);
        Assert.Contains("DNS and all silos agree", watch.Output);
        foreach (var pod in silos.Kubelet.Live)
        {
            Assert.Matches(
                $@"\| {pod.Name} +\| {pod.Address} +\| yes +\| yes +\| Active +\| 3 of 3 +\| yes", watch.Output);
        }

        await FollowsAsync(silos, settings);

        var other = new Dictionary<string, string>(settings) { ["Orleans__ClusterId"] = "another" };
        var stranger = await RunAsync(other, "doctor", "--json");
        Assert.Equal(1, stranger.Code);
        using var json = JsonDocument.Parse(stranger.Output);
        Assert.Contains(json.RootElement.GetProperty("findings").EnumerateArray(),
            finding => finding.GetProperty("code").GetString() == "KDNS311");
    }

    [Fact]
    public async Task Where_nobody_answers_both_say_so()
    {
        var settings = new Dictionary<string, string>
        {
            ["POD_IP"] = "127.0.0.9",
            ["Orleans__Clustering__ServiceName"] = "orleans.nowhere.svc.cluster.local",
            ["Orleans__Clustering__NameServers__0"] = "127.0.0.9:9",
        };

        var watch = await RunAsync(settings, "watch", "--once");
        Assert.Equal(1, watch.Code);
        Assert.Contains("DNS and the silos do not agree", watch.Output);

        var doctor = await RunAsync(settings, "doctor");
        Assert.Equal(1, doctor.Code);
        Assert.Matches("\nWRONG +DNS +127.0.0.9:9 does not answer\n", doctor.Output);
        Assert.Contains("is not as it should be yet; asking again ...", doctor.Errors);
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("watch")]
    public async Task Help_is_given_and_what_is_unknown_is_refused(string command)
    {
        var none = new Dictionary<string, string>();

        var help = await RunAsync(none, command, "--help");
        Assert.Equal((0, ""), (help.Code, help.Errors));
        Assert.StartsWith($"Usage: SiloApp {command} ", help.Output);

        var wrong = await RunAsync(none, command, "--nonsense");
        Assert.Equal((2, ""), (wrong.Code, wrong.Output));
        Assert.StartsWith("Unknown argument: --nonsense\n", wrong.Errors);
    }

    // At a terminal it shows the same table again and again, until Ctrl+C.
    private static async Task FollowsAsync(SiloProcesses silos, IReadOnlyDictionary<string, string> settings)
    {
        if (!Terminal.IsAvailable) return;
        await using var watch = Terminal.Start(["dotnet", Programs.SiloApp, "watch"], settings);
        await watch.UntilAsync(shown => shown.Contains("DNS and all silos agree"), Patience);
        var killed = silos.Kubelet.Live[^1];

        Kubelet.Crash(killed);
        await watch.UntilAsync(shown => Regex.IsMatch(shown, $@"{killed.Name} [^\n]*Dead\b"), Patience);

        Assert.Equal(0, await watch.InterruptAsync(Patience));
    }

    private static async Task<Outcome> RunAsync(IReadOnlyDictionary<string, string> settings, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.SiloApp, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Outcome(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
