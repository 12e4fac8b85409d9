using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using KubeDns.Local.Control;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

public sealed class ProgramTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _config = Path.GetTempFileName();

    private Process? _process;

    public void Dispose()
    {
        File.Delete(_config);
        if (_process is not null)
        {
            // A test that failed must not leave a server behind on its port.
            _process.Kill();
            _process.Dispose();
        }
    }

    [Fact]
    public void Options_are_read()
    {
        File.WriteAllText(_config, """{ "namespaces": ["x"], /* why */ }""");
        var options = CommandLine.Parse(
            ["--listen", "127.0.0.2:53", "--control", "none", "--zone", "z", "--config", _config,
                "--endpoint-pod-names", "--ttl", "30", "--max-udp", "1232"])!;
        Assert.Equal(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 53), options.Listen);
        Assert.Null(options.Control);
        Assert.Equal(["x"], options.Cluster.Namespaces);
        Assert.Equal(("z", 30, 1232, true),
            (options.Zone, options.Ttl, options.MaximumUdpSize, options.EndpointPodNames));
    }

    [Theory]
    [InlineData("--nope")]
    [InlineData("--ttl")]
    [InlineData("--ttl", "-1")]
    [InlineData("--max-udp", "100")]
    [InlineData("--listen", "5353")]
    [InlineData("--listen", "localhost:5353")]
    [InlineData("--config", "/no/such/file")]
    public void Faulty_command_line_is_refused(params string[] arguments) =>
        Assert.Throws<ArgumentException>(() => CommandLine.Parse(arguments));

    [Theory]
    [InlineData("a..b")]
    [InlineData(".")]
    public async Task Faulty_zone_ends_with_code_2(string zone)
    {
        var process = Start("--zone", zone);
        var errors = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.NotEmpty(errors);
        Assert.Equal(2, process.ExitCode);
    }

    [Fact]
    public async Task Address_in_use_ends_with_code_1()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        var process = Start("--control", "none", "--listen", dns.EndPoint.ToString());
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(1, process.ExitCode);
    }

    [Theory]
    [InlineData("-TERM")]
    [InlineData("-INT")]
    public async Task Says_where_it_listens_and_stops_at_a_signal(string signal)
    {
        var process = Start("--listen", "127.0.0.1:0", "--control", "127.0.0.1:0");
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        var control = Regex.Match(line!, @"^Listening on 127\.0\.0\.1:\d+ \(UDP and TCP\), .*control (http://\S+)\.$");
        Assert.True(control.Success, line);
        using var http = new HttpClient();
        Assert.Contains("pods", await http.GetStringAsync(control.Groups[1].Value + "/state"));

        using var kill = Process.Start("kill", [signal, process.Id.ToString()]);
        Assert.Equal("Stopped.", await process.StandardOutput.ReadLineAsync().WaitAsync(Patience));
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(0, process.ExitCode);
    }

    private Process Start(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "KubeDns.Local.dll");
        // A shell starts what runs in its background with SIGINT ignored, and so would ours be; env, which becomes the
        // program, undoes it.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", program, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        return _process;
    }
}
