import gradbook as torch
from gradbook import nn

torch.manual_seed(21)

config = {"width": 64, "lr": 3e-3, "steps": 250, "probe_size": 24}


def dense(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU())


class PriceModel(nn.Module):
    def __init__(self, n_features, width):
        super().__init__()
        self.block1 = dense(n_features, width)
        self.block2 = dense(width, width)
        self.out = dense(width, 1)  # coach: cannot-overfit-batch; fix: nn.Linear(width, 1)

    def features(self, x):
        return self.block2(self.block1(x))

    def forward(self, x):
        return self.out(self.features(x))


def make_batch(n):
    x = torch.randn(n, 10)
    y = torch.sin(x[:, :3].sum(1, keepdim=True)) + 0.5 * x[:, 3:4]
    y = (y - y.mean()) / y.std()
    return x, y


# before the long run: can the network memorise 24 rows?
xb, yb = make_batch(config["probe_size"])
model = PriceModel(10, config["width"])
optim = torch.optim.Adam(model.parameters(), lr=config["lr"])
criterion = nn.MSELoss()  # coach-also: loss-plateau

model.train()
for step in range(config["steps"]):
    optim.zero_grad()
    loss = criterion(model(xb), yb)
    loss.backward()
    optim.step()
    if step % 50 == 0 or step == config["steps"] - 1:
        print(f"step {step:3d}: loss on the probe batch {loss.item():.4f}")
