namespace Orleans.Configuration;

/// <summary>What the surviving silos do once a majority of the voters is lost.</summary>
public enum QuorumLossPolicy
{
    /// <summary>
    /// Go on without the voters that Kubernetes has removed or un-readied, once the evidence is complete.
    /// </summary>
    FollowKubernetes,

    /// <summary>Wait, however long, until a majority is back.</summary>
    Wait,
}
