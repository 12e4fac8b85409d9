using System.Text.Json;
using SiloApp.Pages;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Page;

/// <summary>What somebody sees who leaves the page open, in a headless Chromium, over views that are made up.</summary>
public sealed class BrowserTests
{
    [SkippableFact]
    public async Task It_follows_what_happens_and_says_since_when_it_cannot()
    {
        await using var browser = await Browser.StartAsync();
        await using var server = await PageServer.StartAsync();
        await browser.OpenAsync(server.Url);
        await browser.EvaluateAsync("window.mark = document.querySelector('#silos tbody tr')");

        server.Sight = PageServer.Of(4);
        await browser.UntilAsync("a fourth silo", "document.querySelectorAll('#silos tbody tr').length === 4");
        Assert.True((await browser.EvaluateAsync("window.mark.isConnected")).GetBoolean(), "rows stay the same");

        // A server that does not answer is asked no more than once at a time, and not waited for for ever.
        await browser.EvaluateAsync(CountCalls);
        server.Stall = new TaskCompletionSource();
        await browser.UntilAsync("it is stale", "document.getElementById('live').className === 'stale'");
        Assert.StartsWith("stale since ", await browser.TextAsync("#live"));
        Assert.Equal(4, await browser.CountAsync("#silos tbody tr"));

        await browser.UntilAsync("it asks again and again", "document.body.dataset.calls >= 3");
        Assert.Equal("1", (await browser.EvaluateAsync("document.body.dataset.most")).GetString());

        server.Stall.SetResult();
        server.Stall = null;
        await browser.UntilAsync("it is live", "document.getElementById('live').className === ''");
    }

    [SkippableFact]
    public async Task Nothing_that_the_network_says_runs_at_first_or_later()
    {
        await using var browser = await Browser.StartAsync();
        await using var server = await PageServer.StartAsync();
        server.Sight = PageTests.HostileSight();
        await browser.OpenAsync(server.Url);
        Assert.Contains(PageTests.Hostile, await browser.TextAsync("#silos tbody tr th"));

        server.Sight = PageServer.Of(1);
        await browser.UntilAsync("one silo", "document.querySelectorAll('#silos tbody tr').length === 1");
        server.Sight = PageTests.HostileSight();
        await browser.UntilAsync("three silos", "document.querySelectorAll('#silos tbody tr').length === 3");

        Assert.Contains(PageTests.Hostile, await browser.TextAsync("#silos tbody tr th"));
        Assert.Equal("undefined", (await browser.EvaluateAsync("typeof pwned")).GetString());
        Assert.Equal(0, await browser.CountAsync("img"));
        Assert.Equal(1, await browser.CountAsync("script"));
    }

    [SkippableFact]
    public async Task Five_hundred_silos_are_shown_and_followed()
    {
        await using var browser = await Browser.StartAsync();
        await using var server = await PageServer.StartAsync();
        server.Sight = PageServer.Of(500);
        await browser.OpenAsync(server.Url);
        Assert.Equal(500, await browser.CountAsync("#silos tbody tr"));

        var members = server.Sight.View.Members.Select(
            member => member.Name == "silo-250" ? member with { Status = "Dead" } : member).ToList();
        var before = server.Sight;
        server.Sight = new Overview(
            before.View with { Members = members }, before.Node, before.Discovery, before.Ready);

        await browser.UntilAsync(
            "one is dead", "document.querySelectorAll('#silos tbody tr')[250].cells[1].textContent === 'Dead'");
        Assert.Equal("499", await browser.TextAsync("#active"));
    }

    [SkippableTheory]
    [InlineData(360)]
    [InlineData(1000)]
    public async Task It_fits_its_window_loads_nothing_else_and_is_read_as_what_it_is(int width)
    {
        await using var browser = await Browser.StartAsync();
        await using var server = await PageServer.StartAsync();
        await browser.SetWidthAsync(width);
        await browser.OpenAsync(server.Url);

        Assert.Equal(width, (await browser.EvaluateAsync("innerWidth")).GetInt32());
        var wide = await browser.EvaluateAsync("document.documentElement.scrollWidth");
        Assert.True(wide.GetInt32() <= width, $"{wide} of {width}");
        var loaded = await browser.EvaluateAsync("performance.getEntriesByType('resource').map(each => each.name)");
        Assert.All(loaded.EnumerateArray(), each => Assert.StartsWith(server.Url, each.GetString()));
        Assert.Equal(1, await browser.CountAsync("#summary[role=status][aria-live=polite]"));
        Assert.Equal(4, await browser.CountAsync("#silos thead th[scope=col]"));
    }

    [SkippableTheory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task Every_text_stands_out_from_what_is_behind_it(string scheme)
    {
        await using var browser = await Browser.StartAsync();
        await using var server = await PageServer.StartAsync();
        await browser.SetSchemeAsync(scheme);
        server.Sight = PageTests.HostileSight();
        await browser.OpenAsync(server.Url);

        var faint = await browser.EvaluateAsync(Contrast);

        Assert.Equal("[]", JsonSerializer.Serialize(faint));
    }

    private const string CountCalls = """
        (() => {
          const told = document.body.dataset, real = fetch;
          let now = 0;
          told.calls = told.most = 0;
          window.fetch = (...how) => {
            told.most = Math.max(told.most, ++now);
            told.calls++;
            return real(...how).finally(() => now--);
          };
        })()
        """;

    /// <summary>The texts whose contrast is below the 4.5 of WCAG's level AA.</summary>
    private const string Contrast = """
        (() => {
          const numbers = text => text.match(/[\d.]+/g).map(Number);
          const light = text => numbers(text).slice(0, 3).map(part => part / 255)
            .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
            .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
          const behind = node => {
            for (; node; node = node.parentElement) {
              const colour = getComputedStyle(node).backgroundColor;
              if (numbers(colour)[3] !== 0) return colour;
            }
            return 'rgb(255, 255, 255)';
          };
          return [...document.body.querySelectorAll('*')]
            .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
            .filter(node => !['SCRIPT', 'text'].includes(node.nodeName))
            .map(node => {
              const both = [light(getComputedStyle(node).color), light(behind(node))].sort((a, b) => b - a);
              return [node.nodeName, node.className, (both[0] + .05) / (both[1] + .05)];
            })
            .filter(each => each[2] < 4.5);
        })()
        """;
}
