import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)


class GatedDense(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.value = nn.Linear(n_in, n_out)
        self.gate = nn.Linear(n_in, n_out)

    def forward(self, x):
        g = torch.sigmoid(self.gate(x))
        v = torch.tanh(self.value(x))
        v *= g  # coach: inplace-breaks-backward; fix: v = v * g
        return v


class Highway(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.layers = nn.ModuleList([GatedDense(a, b) for a, b in zip(dims, dims[1:])])
        self.readout = nn.Linear(dims[-1], 1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.readout(x)


def toy(n):
    x = torch.randn(n, 6)
    y = x[:, :1] * x[:, 1:2] + torch.sin(x[:, 2:3])
    return TensorDataset(x, (y - y.mean()) / y.std())


data = DataLoader(toy(256), batch_size=32, shuffle=True)
model = Highway([6, 24, 24])
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
for epoch in range(4):
    for x, y in data:
        opt.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
