import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)

HP = dict(
    hidden=64,
    bias_start=-4.0,  # coach: dead-relu
    lr=2e-3,
    epochs=10,
    batch_size=32,
)


def make_layer(n_in, n_out, bias_start):
    layer = nn.Linear(n_in, n_out)
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    nn.init.constant_(layer.bias, bias_start)  # coach-line: dead-relu
    return layer


class SparseMLP(nn.Module):  # coach-also: bad-init
    def __init__(self, n_in, n_out, hp):
        super().__init__()
        self.fc1 = make_layer(n_in, hp["hidden"], hp["bias_start"])
        self.fc2 = make_layer(hp["hidden"], hp["hidden"], hp["bias_start"])
        self.fc3 = make_layer(hp["hidden"], n_out, 0.0)

    def encode(self, x):
        return torch.relu(self.fc2(torch.relu(self.fc1(x))))

    def forward(self, x):
        return self.fc3(self.encode(x))


def sample(n):
    x = torch.randn(n, 10)
    y = torch.sin(x[:, :2]).sum(1, keepdim=True) + x[:, 2:3] * x[:, 3:4]
    return TensorDataset(x, (y - y.mean()) / y.std())


loader = DataLoader(sample(320), batch_size=HP["batch_size"], shuffle=True)
net = SparseMLP(10, 1, HP)
opt = torch.optim.SGD(net.parameters(), lr=HP["lr"], momentum=0.9)
mse = nn.MSELoss()  # coach-also: loss-plateau

for epoch in range(HP["epochs"]):
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = mse(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch:2d} | mse {total / len(loader):.4f}")
