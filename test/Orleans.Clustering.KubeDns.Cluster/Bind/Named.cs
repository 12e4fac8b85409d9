using System.Diagnostics;
using System.Net;
using Orleans.Clustering.KubeDns.Cluster.Nodes;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Bind;

/// <summary>
/// BIND 9: a name server that shares no line with ours, nor with CoreDNS. It answers for the zone of a cluster at a
/// free port of this machine, as nobody, out of a folder of its own, and is written to by <c>nsupdate</c>.
/// </summary>
internal sealed class Named : IAsyncDisposable
{
    public const string Zone = "cluster.local";

    private const int Attempts = 5;
    private const string Nobody = "65534";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("named-");
    private readonly List<string> _log = [];
    private readonly TaskCompletionSource _runs = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    private readonly string[] _enter;

    private Named(int port, string[] enter) => (EndPoint, _enter) = (new IPEndPoint(IPAddress.Loopback, port), enter);

    public IPEndPoint EndPoint { get; }

    private string Log
    {
        get
        {
            lock (_log) return string.Join('\n', _log);
        }
    }

    /// <summary>Skips the test where the programs are not installed.</summary>
    /// <param name="enter">What is put before a command to run it where the server is to be.</param>
    public static async Task<Named> StartAsync(params string[] enter)
    {
        Skip.If(Find("named") is null, "named is not installed (Debian: bind9).");
        Skip.If(Find("nsupdate") is null, "nsupdate is not installed (Debian: bind9-dnsutils).");
        Skip.If(Environment.IsPrivilegedProcess && Find("setpriv") is null, "setpriv is not installed.");
        for (var attempt = 1; ; attempt++)
        {
            var named = new Named(NodeCluster.FreePorts(1)[0], enter);
            try
            {
                await named.RunAsync();
                return named;
            }
            catch (IOException) when (attempt < Attempts)
            {
                // The port was free for TCP a moment ago; it need not be free for UDP.
                await named.DisposeAsync();
            }
            catch
            {
                await named.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>Sends commands of nsupdate as one message; returns once the server has them.</summary>
    public void Update(IEnumerable<string> commands)
    {
        string[] all = [$"server {EndPoint.Address} {EndPoint.Port}", $"zone {Zone}", .. commands, "send"];
        string[] line = [.. _enter, Find("nsupdate")!, "-v", "-k", At("key")];
        using var process = Process.Start(new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Write(string.Join('\n', all) + "\n");
        process.StandardInput.Close();
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"nsupdate: {said}\n{Log}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync().WaitAsync(Patience);
            process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private async Task RunAsync()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.FullName, (UnixFileMode)0b111_111_111);
        var secret = Convert.ToBase64String(Guid.NewGuid().ToByteArray());
        File.WriteAllText(At("key"), $$"""key "pods" { algorithm hmac-sha256; secret "{{secret}}"; };""");
        File.WriteAllText(At("zone"), ZoneFile);
        File.WriteAllText(At("named.conf"), Configuration(EndPoint.Port));
        string[] command = [Find("named")!, "-g", "-n", "1", "-c", At("named.conf")];
        string[] asNobody = ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--"];
        string[] line = [.. _enter, .. Environment.IsPrivilegedProcess ? asNobody : [], .. command];
        _process = Process.Start(new ProcessStartInfo(line[0], line[1..])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, told) => Read(told.Data);
        _process.BeginErrorReadLine();
        await _runs.Task.WaitAsync(Patience);
    }

    // It goes on without an address that it could not have, and says so.
    private void Read(string? line)
    {
        lock (_log) _log.Add(line ?? "(ended)");
        if (line is null || line.Contains("interface ignored") || line.Contains("unable to listen"))
            _runs.TrySetException(new IOException($"named does not run: {Log}"));
        else if (line.EndsWith(" running")) _runs.TrySetResult();
    }

    private string At(string file) => Path.Combine(_folder.FullName, file);

    /// <summary>Null: it is not installed.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append("/usr/sbin").Append("/sbin")
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    // Hundreds of pods are hundreds of records of one name, which BIND would not have otherwise.
    private static string Configuration(int port) => $$"""
        include "key";
        controls { };
        options {
          directory ".";
          listen-on port {{port}} { 127.0.0.1; };
          listen-on-v6 { none; };
          pid-file none; session-keyfile none; lock-file none;
          recursion no; dnssec-validation no; notify no; allow-transfer { none; };
          minimal-responses no;
          max-records-per-type 0;
        };
        zone "{{Zone}}" { type primary; file "zone"; allow-update { key "pods"; }; };
        """;

    private const string ZoneFile = """
        $ORIGIN cluster.local.
        $TTL 5
        @ IN SOA ns.dns hostmaster 1 7200 1800 86400 5
        @ IN NS ns.dns
        ns.dns IN A 127.0.0.1

        """;
}
