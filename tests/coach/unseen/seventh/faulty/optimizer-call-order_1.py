import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(33)


class Learner:
    def __init__(self, net, loss, opt):
        self.net, self.loss, self.opt = net, loss, opt
        self.log = []

    def before_batch(self):
        self.net.train()

    def backward(self, x, y):
        value = self.loss(self.net(x), y)
        value.backward()
        return value.item()

    def after_backward(self):
        self.opt.zero_grad()  # coach: optimizer-call-order; fix: zero_grad()
        self.opt.step()  # coach-line: optimizer-call-order

    def one_batch(self, x, y):
        self.before_batch()
        value = self.backward(x, y)
        self.after_backward()
        return value

    def fit(self, dl, n_epoch):
        for e in range(n_epoch):
            values = [self.one_batch(x, y) for x, y in dl]
            self.log.append(sum(values) / len(values))
            print(f"{e:>3} {self.log[-1]:.5f}")


beta = torch.randn(7, 1)
X = torch.randn(280, 7)
Y = X @ beta + 0.1 * torch.randn(280, 1)
Y = (Y - Y.mean()) / Y.std()

net = nn.Sequential(nn.Linear(7, 20), nn.ReLU(), nn.Linear(20, 1))
learner = Learner(net, nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=0.05))
learner.fit(DataLoader(TensorDataset(X, Y), batch_size=28, shuffle=True), n_epoch=6)
