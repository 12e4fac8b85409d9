using System.Net;
using System.Text.Json;
using KubeDns.Local.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Clustering.KubeDns.Tests.Transport;
using Orleans.Clustering.KubeDns.Transport;
using ServicePort = Orleans.Clustering.KubeDns.Discovery.ServicePort;

namespace Orleans.Clustering.KubeDns.Tests.Doctor;

/// <summary>One pod for the doctor: a mistake, and what listens beside it.</summary>
internal sealed record DoctorCase(string Name, Mistake Mistake)
{
    private const string Service = "orleans";
    private const string Ready = "orleans-ready";

    private static readonly IPAddress OfNobody = IPAddress.Parse("127.254.254.252");

    /// <summary>Of what a case may start beside the pod; <c>&amp;</c> in the golden files.</summary>
    public static IPAddress OfAnother { get; } = Pod.NewAddress();

    /// <summary>What to start at the pod's address or another before the doctor comes.</summary>
    public Func<Pod, Task<IAsyncDisposable>>? Beside { get; init; }

    /// <summary>Those that a silo's start shows, and those that only the doctor is shown.</summary>
    public static IReadOnlyList<DoctorCase> All { get; } =
    [
        .. Mistake.All.Select(mistake => new DoctorCase(mistake.Code, mistake)),
        new("KDNS304", new Mistake("KDNS304", (dns, address) => List(dns, address, OfNobody))),
        new("KDNS305", new Mistake("KDNS305", (dns, address) => List(dns, address)))
        {
            Beside = pod => StubServer.StartAsync(
                pod.Address, 11113, HttpProtocols.Http1, http => http.Response.WriteAsync(WithoutMajority())),
        },
        new("KDNS315", new Mistake("KDNS315", (dns, address) => List(dns, address, OfAnother)))
        {
            Beside = _ => Task.FromResult<IAsyncDisposable>(new StubPeer(
                OfAnother, 11112, PeerBytes.Welcome(Status.WrongVersion, null, null, version: 2))),
        },
        new("no-tcp", new Mistake("KDNS307", (dns, address) =>
        {
            List(dns, address);
            dns.Faults = new FaultSpec { Tcp = TransportFault.Silent };
        })),
        new("options", new Mistake("", (_, _) => { }) { Configure = options => options.MaxVoters = 2 }),
        new("right", new Mistake("", ListReady)
        {
            IsBesideAnother = true,
            Configure = options => options.ReadyServiceName = Ready,
        }),
    ];

    private static void List(LocalCluster dns, IPAddress address, IPAddress? another = null)
    {
        dns.AddService(Pod.Headless());
        dns.AddPod(PodSpec.OfStatefulSet("test", "silo-x7", Service, address));
        if (another is not null) dns.AddPod(PodSpec.OfStatefulSet("test", "silo-9", Service, another));
    }

    private static void ListReady(LocalCluster dns, IPAddress address)
    {
        dns.AddService(new ServiceSpec("test", Ready) { Ports = [new("discovery", 11112)] });
        dns.AddPod(PodSpec.OfStatefulSet("test", "silo-x7", Service, address) with { Services = [Service, Ready] });
    }

    private static string WithoutMajority() => JsonSerializer.Serialize(new
    {
        phase = "Joined",
        silo = "Active",
        waitingFor = "",
        diagnosis = "",
        voters = new[] { "silo-x7", "silo-8", "silo-9" },
        warnings = new[]
        {
            PeerErrors.NoMajority(
                new ServicePort(new(Service, "test", "cluster.local"), "discovery"), 3,
                [new("silo-8", new(OfNobody, 11112)), new("silo-9", new(OfNobody, 11112))], "", true, false).Message,
        },
    });
}
