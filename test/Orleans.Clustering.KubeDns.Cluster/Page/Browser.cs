using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Page;

/// <summary>
/// A headless Chromium with one tab, told what to do over its own debugging protocol, which needs nothing but a socket.
/// </summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("browser-");
    private readonly ClientWebSocket _socket = new();
    private readonly Process _process;
    private int _calls;

    private Browser(string program) => _process = Process.Start(new ProcessStartInfo(program,
    [
        "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--no-proxy-server", $"--user-data-dir={_folder.FullName}",
        "--remote-debugging-port=0", .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>(),
        "about:blank",
    ])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>Null: there is none.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <summary>Skips the test where there is none, or where it does not start: that is no fault of the page.</summary>
    public static async Task<Browser> StartAsync()
    {
        Skip.If(Program is null, "chromium is not on PATH (Debian: chromium).");
        var browser = new Browser(Program!);
        var said = browser._process.StandardError.ReadToEndAsync();
        _ = browser._process.StandardOutput.ReadToEndAsync();
        try
        {
            await browser.ConnectAsync();
            return browser;
        }
        catch (Exception failure) when (failure is TimeoutException or IOException or HttpRequestException
            or WebSocketException or OperationCanceledException)
        {
            await browser.DisposeAsync();
            await Task.WhenAny(said, Task.Delay(1000));
            Skip.If(true, $"{Program} does not start here: {failure.Message}\n{(said.IsCompleted ? await said : "")}");
            throw;
        }
    }

    public async Task OpenAsync(string url)
    {
        await CallAsync("Page.navigate", new { url });
        await UntilAsync($"{url} is there", "document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    public async Task SetWidthAsync(int width) => await CallAsync(
        "Emulation.setDeviceMetricsOverride", new { width, height = 740, deviceScaleFactor = 1, mobile = true });

    /// <param name="scheme">What the user prefers: "light" or "dark".</param>
    public Task SetSchemeAsync(string scheme)
    {
        var feature = new { name = "prefers-color-scheme", value = scheme };
        return CallAsync("Emulation.setEmulatedMedia", new { features = new[] { feature } });
    }

    /// <summary>What the expression, or the promise that it gives, comes to.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        var answer = await CallAsync(
            "Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true });
        if (answer.TryGetProperty("exceptionDetails", out var failure))
            throw new InvalidOperationException($"{expression}: {failure}");
        return answer.GetProperty("result").TryGetProperty("value", out var value) ? value : default;
    }

    public async Task<int> CountAsync(string selector) => (await EvaluateAsync(
        $"document.querySelectorAll({JsonSerializer.Serialize(selector)}).length")).GetInt32();

    public async Task<string> TextAsync(string selector) => (await EvaluateAsync(
        $"document.querySelector({JsonSerializer.Serialize(selector)}).textContent.trim()")).GetString()!;

    /// <summary>Waits until the condition holds, which is looked at after each change of the page.</summary>
    public async Task UntilAsync(string what, string condition)
    {
        var holds = await EvaluateAsync($$"""
            new Promise(done => {
              const check = () => { if ({{condition}}) end(true); };
              const observer = new MutationObserver(check);
              const limit = setTimeout(() => end(false), {{Patience.TotalMilliseconds}});
              const end = value => { observer.disconnect(); clearTimeout(limit); done(value); };
              observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
              document.addEventListener('readystatechange', check);
              check();
            })
            """);
        Assert.True(holds.GetBoolean(), $"not within {Patience.TotalSeconds} s: {what}; the page says: "
            + await TextAsync("body"));
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // One of its processes was still writing; the folder is a temporary one.
        }
    }

    // It writes the port that it took into its folder, and the file may be seen half-written.
    private async Task ConnectAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var file = Path.Combine(_folder.FullName, "DevToolsActivePort");
        string[] lines = [];
        while (lines.Length < 2)
        {
            if (_process.HasExited) throw new IOException($"it ended with {_process.ExitCode}");
            await Task.Delay(50, limit.Token);
            lines = File.Exists(file) ? await File.ReadAllLinesAsync(file, limit.Token) : [];
        }

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var tabs = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{lines[0]}/json/list", limit.Token);
        var tab = tabs.EnumerateArray().First(each => each.GetProperty("type").GetString() == "page");
        await _socket.ConnectAsync(new Uri(tab.GetProperty("webSocketDebuggerUrl").GetString()!), limit.Token);
    }

    // One call at a time; what the browser tells meanwhile of its own accord is passed over.
    private async Task<JsonElement> CallAsync(string method, object parameters)
    {
        using var limit = new CancellationTokenSource(Patience * 2);
        var call = new { id = ++_calls, method, @params = parameters };
        await _socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(call), WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            using var message = new MemoryStream();
            var buffer = new byte[64 * 1024];
            WebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(buffer, limit.Token);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);

            using var json = JsonDocument.Parse(message.ToArray());
            if (!json.RootElement.TryGetProperty("id", out var id) || id.GetInt32() != call.id) continue;
            return json.RootElement.TryGetProperty("result", out var result) ? result.Clone()
                : throw new InvalidOperationException($"{method}: {json.RootElement}");
        }
    }
}
