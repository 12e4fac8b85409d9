namespace Chaos.Scenarios;

/// <summary>Something that happens to silos, what must come of it, and in which time.</summary>
internal interface IScenario
{
    string Name { get; }

    /// <summary>One line, as <c>--help</c> tells it.</summary>
    string Summary { get; }

    Task PlayAsync(Run run);
}

/// <summary>All scenarios, in the order in which <c>all</c> plays them.</summary>
internal static class AllScenarios
{
    public static IReadOnlyList<IScenario> List { get; } =
    [
        new KillOne(), new KillTwo(), new KillAll(), new StopLeader(), new PauseMajority(isRaced: false),
        new PauseMajority(isRaced: true), new Scale(10), new RollingUpdate(),
    ];
}
