import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(37)
nSamples, nIn, nHid, nCls = 400, 100, 40, 3

proto = torch.randn(nCls, nIn) * 0.4
lab = torch.randint(0, nCls, (nSamples,))
X = proto[lab] + torch.randn(nSamples, nIn)
X = (X - X.mean(0)) / X.std(0)

W1 = torch.randn(nIn, nHid)  # coach: saturated-activation
b1 = torch.zeros(nHid)
W2 = torch.randn(nHid, nCls) / nHid ** 0.5
b2 = torch.zeros(nCls)  # coach-also: bad-init
weights = [W1, b1, W2, b2]
for p in weights:
    p.requires_grad_(True)


def forward(x):
    A1 = torch.tanh(x @ W1 + b1)
    return A1 @ W2 + b2


opt = torch.optim.SGD(weights, lr=0.05, momentum=0.9)
batchSize = 40
lossCurve = []
for epoch in range(10):
    order = torch.randperm(nSamples)
    epochLoss = 0.0
    for k in range(0, nSamples, batchSize):
        sel = order[k:k + batchSize]
        opt.zero_grad()
        L = F.cross_entropy(forward(X[sel]), lab[sel])
        L.backward()
        opt.step()
        epochLoss += L.item()
    lossCurve.append(epochLoss * batchSize / nSamples)
    print("epoch %d  loss %.4f" % (epoch, lossCurve[-1]))
