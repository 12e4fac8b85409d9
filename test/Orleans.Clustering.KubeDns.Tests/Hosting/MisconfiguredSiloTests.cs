using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>
/// Each code provoked in a real silo by the mistake that it names, and its whole text compared with a golden file.
/// <c>UPDATE_GOLDEN=1</c> rewrites the files; read the difference.
/// </summary>
public sealed class MisconfiguredSiloTests(MisconfiguredPods pods) : IClassFixture<MisconfiguredPods>
{
    /// <summary>Codes that keep a silo from its cluster, how soon they may be told, and what it waits for.</summary>
    public static TheoryData<string, LogLevel, double, string> Waiting => new()
    {
        { "KDNS301", LogLevel.Error, 4.9, "a first DNS answer" },
        { "KDNS302", LogLevel.Error, 4.9, "a first DNS answer" },
        { "KDNS303", LogLevel.Error, 4.9, "DNS to list " },
        { "KDNS303b", LogLevel.Error, 4.9, "DNS to list " },
        { "KDNS306", LogLevel.Error, 4.9, "DNS to list " },
        { "KDNS307", LogLevel.Error, 4.9, "a first DNS answer" },
        { "KDNS308", LogLevel.Warning, 19.9, "3 silos (MinimumSilos), 1 so far" },
        { "KDNS309", LogLevel.Error, 4.9, "a first DNS answer" },
        { "KDNS313", LogLevel.Error, 4.9, "1 listed silo(s) to answer, first silo-0." },
        { "KDNS314", LogLevel.Error, 4.9, "DNS to list " },
    };

    /// <summary>Codes that a silo with a cluster tells.</summary>
    public static TheoryData<string, LogLevel, double> Running => new()
    {
        { "KDNS310", LogLevel.Warning, 0 },
        { "KDNS311", LogLevel.Warning, 4.9 },
    };

    [Theory]
    [MemberData(nameof(Waiting))]
    public void What_lasts_is_told_in_full_and_once(string code, LogLevel level, double after, string waitingFor)
    {
        Assert.NotEqual("", waitingFor);
        AssertTold(code, level, after);
    }

    [Theory]
    [MemberData(nameof(Waiting))]
    public void Meanwhile_it_has_no_cluster_and_status_and_probe_say_why(
        string code, LogLevel level, double after, string waitingFor)
    {
        var complaint = pods[code];

        Assert.True(level >= LogLevel.Warning && after > 0);
        Assert.Equal(Guid.Empty, complaint.Status!.Lineage);
        AssertStatus(complaint, code);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, complaint.Startup.Code);
        Assert.StartsWith($"waiting for {waitingFor}", complaint.Startup.Body);
        Assert.Matches($"; {code}: [^\n]*\n$", complaint.Startup.Body);
    }

    [Theory]
    [MemberData(nameof(Running))]
    public void What_keeps_no_silo_from_its_cluster_is_told_and_shown_too(string code, LogLevel level, double after)
    {
        AssertTold(code, level, after);
        AssertStatus(pods[code], code);
    }

    [Theory]
    [InlineData("KDNS312")]
    [InlineData("KDNS316")]
    public void What_waiting_cannot_heal_ends_the_start(string code)
    {
        var complaint = pods[code];

        var fault = Assert.IsType<DiscoveryException>(complaint.Fault);
        Assert.Equal(code, fault.Error.Code);
        AssertGolden(code, complaint.Text);
    }

    [Theory]
    [InlineData("KDNS303b")]
    [InlineData("KDNS306")]
    [InlineData("KDNS311")]
    [InlineData("KDNS313")]
    [InlineData("KDNS314")]
    public void A_healthy_neighbour_goes_on_without_it(string code) =>
        Assert.Equal(["silo-0." + Pod.Service], pods[code].Neighbour!.Voters);

    [Theory]
    [InlineData("KDNS311", "belongs to ServiceId \"test\", ClusterId \"blue\"")]
    [InlineData("KDNS313", "this silo has a SecretFile")]
    public void What_lies_between_two_silos_both_tell(string code, string text) =>
        Assert.Contains(text, pods[code].NeighbourTold!.Text);

    private void AssertTold(string code, LogLevel level, double after)
    {
        var complaint = pods[code];

        var told = Assert.Single(complaint.Log, line => MisconfiguredPods.Tells(line, code));
        Assert.Equal(level, told.Level);
        var started = complaint.Log.First(line => line.Category.Contains("Orleans")).At;
        Assert.True(told.At - started >= TimeSpan.FromSeconds(after), $"told {told.At - started} after the start");
        AssertGolden(code, complaint.Text);
    }

    private static void AssertStatus(Complaint complaint, string code)
    {
        using var status = JsonDocument.Parse(complaint.Statusz);
        var texts = status.RootElement.GetProperty("warnings").EnumerateArray()
            .Append(status.RootElement.GetProperty("diagnosis")).Select(text => text.GetString()!);
        var shown = Assert.Single(texts, text => text.StartsWith(code + ": "));
        Assert.Contains("\nUsual causes:\n", shown);
        Assert.Contains("\nWhat to do:\n", shown);
    }

    private static void AssertGolden(string code, string text, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "Golden", $"{code}.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text + "\n");
        }

        Assert.Equal(File.ReadAllText(path), text + "\n");
    }
}
