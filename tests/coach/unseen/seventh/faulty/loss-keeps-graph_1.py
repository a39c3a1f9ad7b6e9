import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)


class Callback:
    def on_batch_end(self, step, logs):
        pass

    def on_epoch_end(self, epoch):
        pass


class History(Callback):
    def __init__(self):
        self.batch_losses = []
        self.epoch_means = []

    def on_batch_end(self, step, logs):
        self.batch_losses.append(logs["loss"])  # coach: loss-keeps-graph; fix: .item()

    def on_epoch_end(self, epoch):
        recent = [float(v) for v in self.batch_losses[-10:]]
        self.epoch_means.append(sum(recent) / len(recent))
        print(f"epoch {epoch}: {self.epoch_means[-1]:.4f}")


class Model:
    def compile(self, net, optimizer, loss):
        self.net, self.optimizer, self.loss = net, optimizer, loss

    def train_step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        return {"loss": loss}  # coach-line: loss-keeps-graph

    def fit(self, data, epochs, callbacks=()):
        step = 0
        for epoch in range(epochs):
            for x, y in data:
                logs = self.train_step(x, y)
                for cb in callbacks:
                    cb.on_batch_end(step, logs)
                step += 1
            for cb in callbacks:
                cb.on_epoch_end(epoch)


X = torch.randn(320, 8)
y = torch.sin(X[:, :1]) + 0.3 * X[:, 1:2]
y = (y - y.mean()) / y.std()
net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
model = Model()
model.compile(net, torch.optim.Adam(net.parameters(), lr=5e-3), nn.MSELoss())
model.fit(DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True), epochs=6, callbacks=[History()])
