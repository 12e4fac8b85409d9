namespace Orleans.Clustering.KubeDns.Node;

/// <summary>The shell's own times.</summary>
internal sealed record NodeSettings
{
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a protocol message is waited for; it is sent again long before.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LookUpTimeout { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan HandOverTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Inputs that may wait for the loop; beyond it requests of others are turned away.</summary>
    public int InboxCapacity { get; init; } = 10_000;
}
