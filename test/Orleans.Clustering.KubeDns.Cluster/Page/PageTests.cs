using System.Net;
using System.Text.Json;
using SiloApp;
using SiloApp.Pages;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Page;

/// <summary>What the page's three addresses answer.</summary>
public sealed class PageTests
{
    /// <summary>Whoever can write a DNS record or a pod's name can try this.</summary>
    internal const string Hostile = "<img src=x onerror='pwned=1'>\"--><script>pwned=1</script><!--header-->&";

    [Fact]
    public async Task The_page_is_whole_without_a_script()
    {
        await using var server = await PageServer.StartAsync();
        using var http = new HttpClient();

        using var answer = await http.GetAsync(server.Url);
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(3, text.Split("<th scope=\"row\">").Length - 1);
        Assert.Contains("All is well: 3 silos Active, 3 vote, silo-0 leads.", text);
        Assert.Contains("<noscript><meta http-equiv=\"refresh\"", text);
        Assert.Contains("as of ", text);
        Assert.DoesNotContain("<!--", text);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
    }

    [Fact]
    public async Task What_is_unchanged_is_not_sent_again_and_what_changed_is()
    {
        await using var server = await PageServer.StartAsync();
        using var http = new HttpClient();
        using var first = await http.GetAsync($"{server.Url}/fragment");
        http.DefaultRequestHeaders.IfNoneMatch.Add(first.Headers.ETag!);

        // The same sight, taken at another time.
        server.Sight = PageServer.Of(3) with { Taken = DateTime.UtcNow.AddHours(1) };
        using var second = await http.GetAsync($"{server.Url}/fragment");
        server.Sight = PageServer.Of(4);
        using var third = await http.GetAsync($"{server.Url}/fragment");

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.NotModified, HttpStatusCode.OK),
            (first.StatusCode, second.StatusCode, third.StatusCode));
    }

    [Fact]
    public async Task Whatever_the_network_says_is_text_and_nothing_else()
    {
        await using var server = await PageServer.StartAsync();
        server.Sight = HostileSight();
        using var http = new HttpClient();

        foreach (var path in (string[])["", "/fragment"])
        {
            var text = await http.GetStringAsync(server.Url + path);
            Assert.DoesNotContain("<img", text);
            Assert.DoesNotContain("<script>pwned", text);
            Assert.DoesNotContain("onerror='", text);
            Assert.Contains("&lt;img src=x onerror=", text);
        }

        // As JSON it is what it was.
        using var json = JsonDocument.Parse(await http.GetStringAsync($"{server.Url}/overview"));
        var silo = json.RootElement.GetProperty("silos")[0];
        Assert.StartsWith(Hostile, silo.GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_overview_is_the_page_for_programs()
    {
        await using var server = await PageServer.StartAsync();
        using var http = new HttpClient();

        using var json = JsonDocument.Parse(await http.GetStringAsync($"{server.Url}/overview"));

        var root = json.RootElement;
        Assert.Equal("good", root.GetProperty("mood").GetString());
        Assert.Equal(3, root.GetProperty("discovery").GetProperty("listed").GetInt32());
        Assert.Equal(
            ["silo-0 Active True True", "silo-1 Active True False", "silo-2 Active True False"],
            root.GetProperty("silos").EnumerateArray().Select(silo =>
                $"{silo.GetProperty("name")} {silo.GetProperty("status")} {silo.GetProperty("votes")} "
                + $"{silo.GetProperty("leads")}"));
    }

    [Fact]
    public async Task However_many_ask_at_once_one_look_is_taken()
    {
        var taken = 0;
        var look = new TaskCompletionSource<Overview>();
        var source = new OverviewSource(() =>
        {
            taken++;
            return look.Task;
        }, TimeProvider.System);

        var answers = Enumerable.Range(0, 100).Select(_ => source.ReadAsync()).ToList();
        look.SetResult(PageServer.Of(1));
        await Task.WhenAll(answers);

        Assert.Equal(1, taken);
    }

    [Fact]
    public async Task A_look_that_failed_is_not_kept()
    {
        var taken = 0;
        var source = new OverviewSource(() => taken++ == 0
            ? Task.FromException<Overview>(new IOException("no"))
            : Task.FromResult(PageServer.Of(1)), TimeProvider.System);

        await Assert.ThrowsAsync<IOException>(source.ReadAsync);

        Assert.Equal(1, (await source.ReadAsync()).Active);
    }

    internal static Overview HostileSight()
    {
        var sight = PageServer.Of(3, Hostile, Hostile);
        var node = sight.Node! with
        {
            WaitingFor = Hostile,
            Diagnosis = Hostile,
            Warnings = [Hostile],
            Reasons = [new NodeReason(Hostile, Hostile, 60)],
            Peers = [new NodePeer("10.0.0.2:11112", Hostile, Hostile)],
        };
        var view = sight.View with { Self = new Self(Hostile, Hostile, Hostile, Hostile) };
        return new Overview(view, node, sight.Discovery with { Service = Hostile }, sight.Ready);
    }
}
