namespace Pods.Writes;

/// <summary>What became of all that was asked for.</summary>
/// <param name="Surfaced">Of an unknown outcome, and seen in a table.</param>
/// <param name="Gone">Won, and lost by a rescue with all who had been told of it.</param>
internal sealed record Sums(int Asked, int Won, int Lost, int Unknown, int Surfaced, int Gone, int Tables)
{
    public override string ToString() => $"{Asked} asked: {Won} won, {Lost} lost, {Unknown} unknown ({Surfaced} of "
        + $"them committed), {Gone} gone with all who knew; {Tables} tables";
}
