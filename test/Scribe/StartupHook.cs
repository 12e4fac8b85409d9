/// <summary>
/// Found by the runtime by this very name, where <c>DOTNET_STARTUP_HOOKS</c> names this assembly. That loads it, which
/// is all that is wanted: ASP.NET Core then finds it by the name that <c>ASPNETCORE_HOSTINGSTARTUPASSEMBLIES</c> tells.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
    }
}
