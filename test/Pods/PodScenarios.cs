using Chaos.Scenarios;
using Pods.Scenarios;

namespace Pods;

/// <summary>What is played, in the order in which <c>--all</c> plays it.</summary>
internal static class PodScenarios
{
    public static IReadOnlyList<IScenario> List { get; } =
    [
        new Partition(Cut.Drop), new Partition(Cut.Reject),
    ];
}
