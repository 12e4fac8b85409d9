using Chaos.Scenarios;
using KubeDns.Local.Model;
using Pods.Scenarios;

namespace Pods;

/// <summary>What is played, in the order in which <c>--all</c> plays it.</summary>
internal static class PodScenarios
{
    public static IReadOnlyList<IScenario> List { get; } =
    [
        new Partition(Cut.Drop), new Partition(Cut.Reject), new OneWay(isDeaf: false), new OneWay(isDeaf: true),
        new NodeLoss(silos: 4, lost: 1), new NodeLoss(silos: 3, lost: 2),
        new FrozenDns("api-cut", "DNS keeps its old answers", new FaultSpec { PublicationDelayMs = -1 }),
        new FrozenDns("dns-down", "DNS does not answer", new FaultSpec { Answer = FaultAnswer.Drop }),
        new FrozenDns("dns-fails", "DNS answers SERVFAIL", new FaultSpec { Answer = FaultAnswer.ServFail }),
        new Stranger(), new DeadSidecar(), new RollingUpdate(), new RollingDeployment(),
    ];
}
