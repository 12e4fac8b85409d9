using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>The benchmarks, as their scripts start them: that they run to the end, not what they measure.</summary>
[Trait("Category", "Long")]
public sealed class BenchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("Table")]
    [InlineData("Formation")]
    public async Task Help_is_given_and_what_is_unknown_is_refused(string bench)
    {
        var help = await RunAsync(bench, "--help");
        Assert.Equal(0, help.Code);
        Assert.StartsWith($"Usage: bench/{bench.ToLowerInvariant()}.sh ", help.Output);

        var wrong = await RunAsync(bench, "--nonsense");
        Assert.Equal((2, ""), wrong);
    }

    [Fact]
    public async Task A_quick_run_of_operations_on_the_table_has_each_of_them_done()
    {
        var figures = await QuickAsync("Table");
        var operations = figures.Select(figure => figure.GetProperty("operation").GetString()).Distinct();
        Assert.Equal(["ReadAll", "InsertRow", "UpdateRow", "UpdateIAmAlive"], operations);
        Assert.All(figures, figure => Assert.Equal("kubedns 1", figure.GetProperty("backend").GetString()));
        Assert.All(figures, figure => Assert.True(figure.GetProperty("perSecond").GetDouble() > 0, $"{figure}"));
        Assert.All(figures, figure => Assert.Equal(0, figure.GetProperty("failed").GetInt32()));
    }

    [Fact]
    public async Task A_quick_run_of_starts_has_a_silo_of_each_provider_started()
    {
        var figures = await QuickAsync("Formation");
        Assert.Equal(["alone", "kubedns"],
            figures.Select(figure => figure.GetProperty("provider").GetString()).Order(StringComparer.Ordinal));
        Assert.All(figures, figure => Assert.Equal("form", figure.GetProperty("what").GetString()));
    }

    private static async Task<List<JsonElement>> QuickAsync(string bench)
    {
        var json = Path.GetTempFileName();
        try
        {
            var (code, output) = await RunAsync(bench, "--quick", "--json", json);
            Assert.True(code == 0, output);
            using var document = JsonDocument.Parse(await File.ReadAllTextAsync(json));
            return [.. document.RootElement.GetProperty("figures").EnumerateArray().Select(figure => figure.Clone())];
        }
        finally
        {
            File.Delete(json);
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string bench, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.Bench(bench), .. args]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
