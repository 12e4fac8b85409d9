using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Demo;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Cluster.Nodes;
using Orleans.Clustering.KubeDns.Cluster.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Cluster.Image;

/// <summary>
/// The image cannot be built where these tests run; what it holds can be started as a container is: in an otherwise
/// empty root that is read-only, with a host name and processes of its own, as nobody.
/// </summary>
public sealed class EmptyRootTests(ITestOutputHelper output)
{
    private const string Service = "orleans";
    private const string Fqdn = "silo-0.orleans.test.svc.cluster.local";
    private const string User = "1654";

    private static readonly IPAddress Address = IPAddress.Parse("127.0.0.77");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    // In namespaces of its own, so all of it is gone with the process.
    private const string Enter = """
        set -e
        hostname silo-0
        mount --make-rprivate /
        mount --bind "$1" "$1"
        mount -t proc proc "$1/proc"
        for device in null urandom; do mount --bind /dev/$device "$1/dev/$device"; done
        mount -o remount,bind,ro "$1"
        cd /
        root=$1 user=$2; shift 2
        exec "$(command -v chroot)" $user "$root" /usr/share/dotnet/dotnet /app/SiloApp.dll "$@"
        """;

    [SkippableFact]
    public async Task The_published_silo_starts_in_an_otherwise_empty_read_only_root()
    {
        Skip.IfNot(await IsPermittedAsync(), "unshare may not make namespaces here (or there is no such program)");
        using var root = await EmptyRoot.CreateAsync(Programs.PublishCommand, Programs.Repository);
        await using var dns = await LocalDnsServer.StartAsync();
        var ports = NodeCluster.FreePorts(5);
        Publish(dns.Cluster, ports[2]);
        root.Write("etc/hosts", $"127.0.0.1 localhost\n{Address} {Fqdn} silo-0\n");
        root.Write("etc/resolv.conf", $"nameserver {dns.EndPoint}\nsearch test.svc.cluster.local\n");

        var log = Path.GetTempFileName();
        var silo = Start(root.Path, log, ports);
        try
        {
            await UntilReadyAsync(silo, $"http://{Address}:{ports[3]}/readyz");

            // Until its silo is Active the application answers its page alone.
            await UntilReadyAsync(silo, $"http://{Address}:{ports[4]}/cluster");
            using var http = new HttpClient();
            using var cluster = JsonDocument.Parse(await http.GetStringAsync($"http://{Address}:{ports[4]}/cluster"));

            Assert.Equal(Fqdn, cluster.RootElement.GetProperty("self").GetProperty("hostName").GetString());
            Assert.Equal(1, cluster.RootElement.GetProperty("members").GetArrayLength());
        }
        finally
        {
            silo.Kill();
            await silo.WaitForExitAsync(default);
            output.WriteLine(string.Join('\n', silo.Tail(40)));
            File.Delete(log);
        }

        await UntilRefusedAsync(new IPEndPoint(Address, ports[3]));
    }

    private static void Publish(LocalCluster cluster, int discovery)
    {
        cluster.AddService(new ServiceSpec("test", Service)
        {
            PublishNotReadyAddresses = true,
            Ports = [new("discovery", discovery)],
        });
        cluster.AddPod(PodSpec.OfStatefulSet("test", "silo-0", Service, Address));
    }

    private static ChildProcess Start(string root, string log, IReadOnlyList<int> ports)
    {
        string[] settings =
        [
            $"--Orleans:Endpoints:SiloPort={ports[0]}", $"--Orleans:Endpoints:GatewayPort={ports[1]}",
            $"--Orleans:Clustering:DiscoveryPort={ports[2]}", $"--Orleans:Clustering:StatusPort={ports[3]}",
            $"--urls=http://{Address}:{ports[4]}", "--Orleans:Clustering:DnsStaleness=00:00:00.2",
        ];
        return ChildProcess.Start(
            "silo-0", log, "/",
            [
                "unshare", .. Namespaces(), "--kill-child", "sh", "-c", Enter, "sh", root,
                Environment.IsPrivilegedProcess ? $"--userspec={User}:{User}" : "", .. settings,
            ],
            new Dictionary<string, string>
            {
                ["POD_NAME"] = "silo-0",
                ["POD_IP"] = $"{Address}",
                ["DOTNET_EnableDiagnostics"] = "0",
                ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            });
    }

    private static string[] Namespaces() =>
        Environment.IsPrivilegedProcess ? ["--mount", "--uts", "--pid", "--fork"]
            : ["--map-root-user", "--mount", "--uts", "--pid", "--fork"];

    private static async Task<bool> IsPermittedAsync()
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            using var probe = Process.Start(new ProcessStartInfo("unshare", [.. Namespaces(), "true"])
            {
                RedirectStandardError = true,
            })!;
            await probe.WaitForExitAsync();
            return probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    // It took another user's identity, so the end of the one that started it is not its own.
    private static async Task UntilRefusedAsync(IPEndPoint port)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(port, limit.Token);
                await Task.Delay(50, limit.Token);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private static async Task UntilReadyAsync(ChildProcess silo, string url)
    {
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            Assert.False(silo.HasExited, string.Join('\n', silo.Tail(40)));
            try
            {
                using var answer = await http.GetAsync(url, limit.Token);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100, limit.Token);
        }
    }
}
