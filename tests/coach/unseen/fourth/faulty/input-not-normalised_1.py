# %% Fuel consumption from car data
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(9)
n = 600
weight_kg = 900 + 1200 * torch.rand(n)
power_hp = 60 + 200 * torch.rand(n)
year = torch.randint(1970, 1985, (n,)).float()
litres = 0.005 * weight_kg + 0.02 * power_hp - 0.2 * (year - 1977) + 0.3 * torch.randn(n)

# %%
cars = torch.stack([weight_kg, power_hp, year], dim=1)  # coach: input-not-normalised; fix: .mean(
goal = ((litres - litres.mean()) / litres.std()).view(-1, 1)
cut = 480
x_train, y_train = cars[:cut], goal[:cut]  # coach-line: input-not-normalised
x_test, y_test = cars[cut:], goal[cut:]

# %%
mlp = nn.Sequential(nn.Linear(3, 20), nn.ReLU(), nn.Linear(20, 1))
optimiser = torch.optim.Adam(mlp.parameters(), lr=1e-3)
# coach-also: suspicious-initial-loss

# %%
for epoch in range(15):
    mlp.train()
    for idx in torch.randperm(cut).split(60):
        optimiser.zero_grad()
        err = F.mse_loss(mlp(x_train[idx]), y_train[idx])
        err.backward()
        optimiser.step()
    mlp.eval()
    with torch.no_grad():
        test = F.mse_loss(mlp(x_test), y_test)
    print(epoch, f"{err.item():.2f}", f"{test.item():.2f}")
