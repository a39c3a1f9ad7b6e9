import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(67)


class TabularData(Dataset):
    def __init__(self, n):
        self.x = torch.randn(n, 8)
        raw = 2 * self.x[:, 0] - self.x[:, 1] * self.x[:, 2] + 0.1 * torch.randn(n)
        self.y = (raw - raw.mean()) / raw.std()  # coach-line: target-mismatch

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Regressor(nn.Module):
    def __init__(self, n_in, width=40):
        super().__init__()
        self.inp = nn.Linear(n_in, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def act(self, z):
        return torch.relu(z)

    def forward(self, x):
        h = self.act(self.mid(self.act(self.inp(x))))
        return self.out(h)  # coach-line: target-mismatch


class Fitter:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.mean_squared_error = nn.MSELoss()

    def compute_loss(self, x, y_true):
        y_pred = self.model(x)  # coach-also: silent-broadcast
        return self.mean_squared_error(y_pred, y_true)  # coach: target-mismatch; fix: squeeze(

    def run(self, loader, epochs):
        for epoch in range(epochs):
            losses = []
            for x, y_true in loader:
                self.opt.zero_grad()
                loss = self.compute_loss(x, y_true)
                loss.backward()
                self.opt.step()
                losses.append(loss.item())
            print("Epoch %d: mse=%.4f" % (epoch, sum(losses) / len(losses)))


Fitter(Regressor(8), lr=3e-3).run(DataLoader(TabularData(320), batch_size=32, shuffle=True), epochs=8)
