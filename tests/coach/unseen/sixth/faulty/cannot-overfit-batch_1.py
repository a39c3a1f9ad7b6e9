# %% [markdown-like notes]
# House prices, part 2. Before the long run: does the network fit a single batch?
# The target was standardised in part 1.

# %% imports
import gradbook as torch
from gradbook import nn

torch.manual_seed(2)

# %% data
n = 600
rooms = torch.randint(1, 8, (n,)).float()
area = 25 * rooms + 15 * torch.randn(n)
age = 60 * torch.rand(n)
price = 3.0 * area - 1.2 * age + 12 * rooms + 10 * torch.randn(n)

features = torch.stack([rooms, area, age], dim=1)
features = (features - features.mean(0)) / features.std(0)
target = ((price - price.mean()) / price.std()).unsqueeze(1)

# %% model
regressor = nn.Sequential(
    nn.Linear(3, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 1),
    nn.ReLU(),  # coach: cannot-overfit-batch
)
mse = nn.MSELoss()
optim = torch.optim.Adam(regressor.parameters(), lr=3e-3)  # coach-also: loss-plateau

# %% one batch, many steps: the loss should go to (almost) nothing
pick = torch.randperm(n)[:24]
bx, by = features[pick], target[pick]
for step in range(300):
    optim.zero_grad()
    pred = regressor(bx)  # coach-also: redundant-activation
    loss = mse(pred, by)
    loss.backward()
    optim.step()
    if step % 50 == 0:
        print("step", step, "loss", round(loss.item(), 4))
