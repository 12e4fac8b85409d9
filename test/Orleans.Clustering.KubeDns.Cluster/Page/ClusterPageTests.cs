using Demo;
using Orleans.Clustering.KubeDns.Cluster.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Cluster.Page;

/// <summary>The page of a real silo among real ones, left open while things happen to them.</summary>
public sealed class ClusterPageTests(ITestOutputHelper output)
{
    private const string Rows = "[...document.querySelectorAll('#silos tbody tr')]";

    [SkippableFact]
    public async Task It_shows_the_silos_who_leads_and_who_votes_and_a_killed_ones_row_changes_by_itself()
    {
        await using var browser = await Browser.StartAsync();
        await using var silos = await SiloProcesses.StartAsync();
        var (leader, pods) = (silos.Leader, silos.Kubelet.Live);
        var watched = pods.First(pod => pod != leader);
        var killed = pods.First(pod => pod != leader && pod != watched);

        await browser.OpenAsync(watched.AppUrl);
        await browser.UntilAsync(
            "three Active", $"{Rows}.filter(row => row.cells[1].textContent === 'Active').length === 3");
        await browser.UntilAsync("three voters", "document.getElementById('voters').textContent === '3'");
        await browser.UntilAsync("the leader", $"document.getElementById('leader').textContent === '{leader.Name}'");
        await browser.UntilAsync("all are ready in DNS",
            $"{Rows}.filter(row => /^\\s*listed\\s+ready\\s*$/.test(row.cells[3].textContent)).length === 3");
        await browser.EvaluateAsync("window.mark = 'the same page'");

        Kubelet.Crash(killed);
        await browser.UntilAsync("the killed one is Dead",
            $"{Row(killed)} && {Row(killed)}.cells[1].textContent === 'Dead'");
        await browser.UntilAsync("it is ready no more", $"{Row(killed)}.cells[3].textContent.includes('not ready')");
        output.WriteLine(await browser.TextAsync("main"));
        Assert.Equal("the same page", (await browser.EvaluateAsync("window.mark")).GetString());

        Kubelet.Crash(watched);
        await browser.UntilAsync("it is stale", "document.getElementById('live').className === 'stale'");
        Assert.StartsWith("stale since ", await browser.TextAsync("#live"));
    }

    [Fact]
    public async Task A_silo_that_is_in_no_cluster_yet_tells_on_its_page_what_it_waits_for()
    {
        await using var silo = LonelySilo.Start();

        var page = await silo.PageAsync(text => text.Contains("What is waited for"));

        Assert.Contains("This silo is not in a cluster yet.", page);
        Assert.Contains("waiting for", page);
        using var http = new HttpClient();
        using var answer = await http.GetAsync($"{silo.Url}/cluster");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    private static string Row(Pod pod) => $"{Rows}.find(row => row.cells[0].textContent.includes('{pod.Address} ')"
        + $" || row.cells[0].textContent.trim().endsWith('{pod.Address}'))";
}
