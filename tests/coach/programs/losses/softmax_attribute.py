import gradbook as torch
from gradbook import nn
from gradbook.nn.functional import cross_entropy


class Classifier(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.hidden = nn.Linear(d, 24)
        self.act = nn.Tanh()
        self.out = nn.Linear(24, k)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x):
        h = self.act(self.hidden(x))
        logits = self.out(h)
        probs = self.softmax(logits)  # coach: softmax-before-cross-entropy; fix: probs = logits
        return probs


clf = Classifier(10, 5)
opt = torch.optim.RMSprop(clf.parameters(), lr=1e-3)
x, y = torch.randn(40, 10), torch.randint(0, 5, (40,))
for it in range(6):
    loss = cross_entropy(clf(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
