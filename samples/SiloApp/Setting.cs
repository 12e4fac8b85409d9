namespace SiloApp;

/// <summary>An argument that is a setting, as the silo itself takes them: <c>--Section:Name=value</c>.</summary>
internal static class Setting
{
    public static bool Is(string arg) => arg.StartsWith("--", StringComparison.Ordinal)
        && arg.Contains(':', StringComparison.Ordinal) && arg.Contains('=', StringComparison.Ordinal);
}
